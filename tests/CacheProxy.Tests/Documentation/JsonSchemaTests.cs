using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Tests.Configuration;
using CacheProxy.Tests.House;
using Json.Schema;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>docs/cacheproxy.schema.json says what the configuration may be: neither less nor more than the page and the program.</summary>
public sealed class JsonSchemaTests
{
    private static readonly string File = Path.Combine(Repository.Root, "docs", "cacheproxy.schema.json");
    private static readonly JsonElement Text = JsonDocument.Parse(System.IO.File.ReadAllText(File)).RootElement;
    private static readonly JsonSchema Schema = JsonSchema.FromText(System.IO.File.ReadAllText(File));
    private static readonly JsonDocumentOptions AsTheProgram = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    [Fact]
    public void Every_key_of_the_page_is_in_the_schema_and_every_key_of_the_schema_is_on_the_page()
    {
        var documented = MarkdownPage.Named("docs/configuration.md").KeyRows()
            .Select(static row => row.Key)
            .Where(static key => key.StartsWith("CacheProxy:", StringComparison.Ordinal))
            .ToHashSet(StringComparer.Ordinal);
        var known = Keys().ToArray();

        Assert.Equal([], documented.Except(known.Select(static key => key.Name)));
        // What a documented key holds may be explained in its row.
        Assert.Equal([], known.Where(static key => key.IsLeaf).Select(static key => key.Name).Where(name => !IsCovered(name, documented)));
    }

    [Fact]
    public void Every_choice_has_the_words_that_the_program_takes()
    {
        var choices = typeof(CachePolicyOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(static property => property.PropertyType.IsEnum)
            .ToArray();

        Assert.NotEmpty(choices);
        Assert.All(choices, static choice => Assert.Equal(
            Enum.GetNames(choice.PropertyType),
            Policy(choice.Name).GetProperty("anyOf")[0].GetProperty("enum").EnumerateArray().Select(static word => word.GetString()!)));
    }

    [Fact]
    public void Every_limit_is_the_programs()
    {
        var limits = typeof(CachePolicyOptions).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(static property => property.PropertyType == typeof(int))
            .Select(static property => (property.Name, Limits: Policy(property.Name).GetProperty("anyOf")[0]))
            .SelectMany(static pair => new[]
            {
                (pair.Name, Last: pair.Limits.GetProperty("minimum").GetInt64(), Beyond: pair.Limits.GetProperty("minimum").GetInt64() - 1),
                (pair.Name, Last: pair.Limits.GetProperty("maximum").GetInt64(), Beyond: pair.Limits.GetProperty("maximum").GetInt64() + 1),
            });

        Assert.All(limits, static limit => Assert.Equal((false, true), (IsRefused(limit.Name, limit.Last), IsRefused(limit.Name, limit.Beyond))));
    }

    [Fact]
    public void Every_configuration_file_and_every_example_is_valid()
    {
        string[] files = ["appsettings.json", "deploy/k8s/components/customer-api/policies/appsettings.json", "tests/http-cache-tests/catch-all.json"];

        Assert.All(files, static file => AssertValid(file, System.IO.File.ReadAllText(Path.Combine(Repository.Root, file))));
        Assert.All(MarkdownPage.All().SelectMany(static page => page.JsonExamples()), static example => AssertValid(example.Place, example.Text));
    }

    [Theory]
    [InlineData("""{ "CacheProxy": { "Redis": { "Timeout": "250" } } }""")]
    [InlineData("""{ "CacheProxy": { "Redis": { "Timeout": 250 } } }""")]
    [InlineData("""{ "CacheProxy": { "Redis": { "Timeout": "5 min" } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "Tll": "5m" } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "Mode": "Maybe" } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "MaxVariants": 0 } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "MemoryTtl": "499ms" } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "MemoryTtl": "00:00:05.1" } } } }""")]
    [InlineData("""{ "CacheProxy": { "Memory": { "SizeLimit": 1048575 } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "MaxVariants": "many" } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "7up": { "Key": "{tenant}:x" } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "EvictOn": { "0": "PUT" } } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "pet": { "Evicts": [ { "id": "request:/id" } ] } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "pet": { "Evicts": [ { "Policy": "customer", "id": "/id" } ] } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": "customer" } }""")]
    [InlineData("""{ "CacheProxy": { "Polices": { } } }""")]
    [InlineData("""{ "CacheProxi": { } }""")]
    public void It_rejects_what_the_program_refuses(string json) => Assert.False(IsValid(json));

    [Theory]
    [InlineData("""{ "CacheProxy": { "Redis": { "Timeout": "00:00:00.250" }, "InlineSockets": true } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "MemoryTtl": "0.5s" }, "pet": { "MemoryTtl": "5s" } }, "Memory": { "SizeLimit": "64000000" } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "a-b_2": { "Key": "x:{id}", "MemoryTtl": 0, "MaxVariants": "64", "EvictOn": "PUT, DELETE", "StatusCodes": [ 404 ] } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "pet": { "Evicts": [ { "Policy": "customer", "id": "request:/id" }, "list" ] } } } }""")]
    [InlineData("""{ "CacheProxy": { "Policies": { "customer": { "Ttl": "", "HeuristicFreshness": "true", "TtlJitter": "1.5h" } } } }""")]
    [InlineData("""{ "$schema": "x", "Kestrel": { "Endpoints": { "Proxy": { "Url": "http://*:1", "Protocols": "Http1" } } } }""")]
    public void It_accepts_what_the_program_takes(string json) => Assert.True(IsValid(json));

    private static bool IsValid(string json)
    {
        using var document = JsonDocument.Parse(json, AsTheProgram);
        return Schema.Evaluate(document.RootElement).IsValid;
    }

    private static void AssertValid(string name, string json)
    {
        using var document = JsonDocument.Parse(json, AsTheProgram);
        var result = Schema.Evaluate(document.RootElement, new EvaluationOptions { OutputFormat = OutputFormat.List });
        Assert.True(result.IsValid, name + ": " + string.Join(
            "; ", (result.Details ?? []).Where(static detail => detail.Errors is not null).Select(static detail => $"{detail.InstanceLocation} {string.Join(", ", detail.Errors!.Values)}")));
    }

    private static bool IsRefused(string name, long value) => CandidateConfiguration
        .Compile(($"CacheProxy:Policies:customer:{name}", value.ToString(CultureInfo.InvariantCulture)))
        .Problems.Any(problem => problem.Key == $"CacheProxy:Policies:customer:{name}");

    private static JsonElement Policy(string name) => Text.GetProperty("properties").GetProperty(CacheProxySettings.SectionName)
        .GetProperty("properties").GetProperty("Policies").GetProperty("additionalProperties").GetProperty("properties").GetProperty(name);

    private static bool IsCovered(string name, HashSet<string> documented)
    {
        for (var key = name; key.Contains(':', StringComparison.Ordinal); key = key[..key.LastIndexOf(':')])
        {
            if (documented.Contains(key))
            {
                return true;
            }
        }

        return false;
    }

    private static IEnumerable<(string Name, bool IsLeaf)> Keys() => Below(
        CacheProxySettings.SectionName, Text.GetProperty("properties").GetProperty(CacheProxySettings.SectionName));

    private static ImmutableArray<(string Name, bool IsLeaf)> Below(string name, JsonElement schema)
    {
        (string, JsonElement)[] children =
        [
            .. schema.TryGetProperty("properties", out var properties)
                ? properties.EnumerateObject().Select(property => ($"{name}:{property.Name}", property.Value)) : [],
            .. schema.TryGetProperty("additionalProperties", out var named) && named.ValueKind == JsonValueKind.Object
                ? [($"{name}:NAME", named)] : Array.Empty<(string, JsonElement)>(),
        ];
        return [(name, children.Length == 0), .. children.SelectMany(static child => Below(child.Item1, child.Item2))];
    }
}
