using System.Text.Json;
using System.Text.Json.Nodes;
using CacheProxy.Configuration;
using CacheProxy.Tests.House;
using Json.Schema;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

/// <summary>What docs/cacheproxy.schema.json says of a configuration, which must be what the program says of it.</summary>
internal static class SchemaVerdict
{
    private static readonly JsonSchema Schema = JsonSchema.FromText(File.ReadAllText(Path.Combine(Repository.Root, "docs", "cacheproxy.schema.json")));
    public static bool Accepts(JsonNode json)
    {
        using var document = JsonDocument.Parse(json.ToJsonString());
        return Accepts(document.RootElement);
    }

    public static bool Accepts(JsonElement json) => Schema.Evaluate(json).IsValid;

    /// <summary>Fails when schema and program disagree, but for what a schema cannot say.</summary>
    /// <param name="values">The configuration.</param>
    /// <param name="problems">What the program has found.</param>
    public static void AssertSame(IConfigurationRoot values, IReadOnlyCollection<ConfigurationProblem> problems)
    {
        var json = Json(values);
        var beyond = problems.Where(problem => !RulesBeyondTheSchema.Has(problem, values)).ToArray();
        var accepts = Accepts(json);
        Assert.True(accepts == (beyond.Length == 0), accepts
            ? $"The program refuses, and the schema does not say so:\n{ConfigurationReport.Text(beyond)}"
            : $"The schema refuses what the program accepts, or what is on the list of rules that it cannot say:\n{ConfigurationReport.Text(problems)}{json}");
    }

    /// <summary>What all sources say together, as one file would.</summary>
    public static JsonObject Json(IConfigurationRoot values)
    {
        var file = new JsonObject();
        foreach (var section in values.GetChildren().Where(static section => IsWritten(section.Key)))
        {
            if (Json(section) is { } below)
            {
                file[section.Key] = below;
            }
        }

        return file;
    }

    // Most variables of the environment are meant for others.
    private static bool IsWritten(string key) => Environment.GetEnvironmentVariable(key) is null;

    private static JsonNode? Json(IConfigurationSection section)
    {
        var children = section.GetChildren().ToArray();
        if (children.Length == 0)
        {
            return section.Value;
        }

        JsonNode below = children.All(static child => int.TryParse(child.Key, out _))
            ? new JsonArray([.. children.Select(Json).OfType<JsonNode>()])
            : new JsonObject(children.Select(static child => KeyValuePair.Create(child.Key, Json(child))).Where(static pair => pair.Value is not null));
        // No file says a value and what is below it. Of a list, the text wins; anything else is wrong.
        return string.IsNullOrWhiteSpace(section.Value) ? below
            : below is JsonArray && IsList(below) ? section.Value
            : new JsonArray(section.Value, below);
    }

    private static bool IsList(JsonNode array) => array.AsArray().All(static item => item is JsonValue);
}
