using System.Text.Json.Nodes;
using CacheProxy.CommandLine;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Tests.Documentation;
using CacheProxy.Tests.House;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration;

/// <summary>
/// The schema accepts and rejects what <c>check-config</c> does. Every configuration that a test compiles is compared where it is compiled
/// (<see cref="CandidateConfiguration"/>); here are the files, and changes of the shipped one.
/// </summary>
public sealed class SchemaEquivalenceTests
{
    public static TheoryData<string> Rules => [.. RulesBeyondTheSchema.All.Select(static rule => rule.Name)];

    [Theory]
    [MemberData(nameof(Rules))]
    public void A_rule_that_the_schema_cannot_say_is_one_that_it_does_not_say(string name)
    {
        var rule = RulesBeyondTheSchema.All.Single(rule => rule.Name == name);
        var (values, problems) = Compile(rule.Case);

        Assert.All(problems, problem => Assert.True(RulesBeyondTheSchema.Has(problem, values), ConfigurationReport.Text([problem])));
        Assert.Contains(problems, problem => RulesBeyondTheSchema.All.Where(other => other.Has(problem, values)).SequenceEqual([rule]));
        Assert.True(SchemaVerdict.Accepts(SchemaVerdict.Json(values)));
    }

    [Fact]
    public void Every_shipped_and_every_documented_configuration_is_accepted_by_both()
    {
        string[] files = ["appsettings.json", "deploy/k8s/components/customer-api/policies/appsettings.json", "tests/http-cache-tests/catch-all.json"];
        var shipped = files.Select(static file => new JsonExample(
            file, file.StartsWith("deploy", StringComparison.Ordinal) ? "config/appsettings.json" : "appsettings.json", File.ReadAllText(Path.Combine(Repository.Root, file))));

        Assert.All(shipped.Concat(MarkdownPage.All().SelectMany(static page => page.JsonExamples())), static example =>
        {
            Assert.Empty(example.Compile().Problems);
            Assert.True(SchemaVerdict.Accepts(Parse(example.Text)));
        });
    }

    [Fact]
    public void A_changed_shipped_file_is_accepted_or_refused_by_both()
    {
        var shipped = Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "appsettings.json")));
        var places = Places(shipped, []).Where(static place => place[0] != "$schema").ToArray();
        string[] texts =
        [
            "\"\"", "\"5m\"", "\"0\"", "\"90000s\"", "\"0.5ms\"", "\"00:00:10\"", "\"1.00:00:00\"", "\"x\"", "\"On\"", "\"shadow\"", "\"GET\"", "\"PUT, *\"", "\"{tenant}:x\"",
            "\"http://localhost:1/\"", "\"404, 410\"", "\"request:/a\"", "\"/a/~2\"", "0", "5", "70000000", "true", "\"false\"", "[ \"a\", \"b c\" ]", "[ 404 ]", "{ \"a\": \"b\" }",
        ];
        var changes = Gen.Zip(Gen.Elements(places), Gen.Elements(Changes(texts).ToArray())).Where(change => !IsOfAnotherType(shipped, change.Item1, change.Item2.Name));

        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60), Prop.ForAll(changes.ToArbitrary(), change =>
        {
            var json = shipped.DeepClone();
            var parent = change.Item1[..^1].Aggregate(json, static (node, name) => node is JsonArray array ? array[int.Parse(name)]! : node[name]!);
            change.Item2.Make(parent, change.Item1[^1]);
            AssertSame(json, $"{string.Join(':', change.Item1)} {change.Item2}");
        }));
    }

    [Theory]
    [InlineData("CacheProxy", "cacheproxy")]
    [InlineData("Ttl", "ttl")]
    public void The_program_takes_keys_in_any_case_and_the_schema_as_they_are_written(string key, string other)
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "appsettings.json")).Replace($"\"{key}\":", $"\"{other}\":", StringComparison.Ordinal);

        Assert.Empty(new JsonExample("", "appsettings.json", text).Compile().Problems);
        Assert.False(SchemaVerdict.Accepts(Parse(text)));
    }

    // All sources are texts to the program: it does not see which type JSON has, nor what is empty.
    [Theory]
    [InlineData("""{ "Policies": { "customer": { "Ttl": null } } }""")]
    [InlineData("""{ "Policies": { "customer": { "Ttl": { } } } }""")]
    [InlineData("""{ "Policies": { "customer": { "Ttl": [ ] } } }""")]
    [InlineData("""{ "Policies": { "customer": "" } }""")]
    [InlineData("""{ "Policies": { "customer": { "ExceptIds": { "a": "me" } } } }""")]
    [InlineData("""{ "Tokens": { "Issuer": 5 } }""")]
    public void The_program_takes_other_types_for_what_they_say_and_the_schema_wants_the_documented_ones(string section)
    {
        var text = $$"""{ "CacheProxy": {{section}} }""";

        Assert.Empty(new JsonExample("", "config/appsettings.json", text).Compile().Problems);
        Assert.False(SchemaVerdict.Accepts(Parse(text)));
    }

    // At every limit of a duration, in every unit, one side of it and the other.
    [Theory]
    [InlineData(nameof(CachePolicyOptions.Ttl), 24 * 3600.0)]
    [InlineData(nameof(CachePolicyOptions.WriteDeadline), 1.0)]
    [InlineData(nameof(CachePolicyOptions.WriteDeadline), 3600.0)]
    [InlineData(nameof(CachePolicyOptions.FillWait), 0.001)]
    [InlineData(nameof(CachePolicyOptions.FillWait), 60.0)]
    public void A_duration_has_the_same_limits_in_every_unit(string name, double seconds)
    {
        (string Unit, double Seconds)[] units = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];
        double[] factors = [0, 0.4, 0.999, 1, 1.001, 1.9, 10, 2000];

        Assert.All(units.SelectMany(unit => factors.Select(factor => $"{(decimal)(seconds / unit.Seconds * factor):0.#####}{unit.Unit}")), text =>
        {
            var values = new ConfigurationBuilder().AddInMemoryCollection([new("customer:Key", "x:{id}"), new($"customer:{name}", text)]).Build();
            var problems = new List<ConfigurationProblem>();
            PolicySettings.Read(new SettingsReader(values, problems));
            Assert.Equal(problems.Count == 0, SchemaVerdict.Accepts(Parse($$"""{ "CacheProxy": { "Policies": { "customer": { "{{name}}": "{{text}}" } } } }""")));
        });
    }

    private static IEnumerable<Change> Changes(string[] texts) =>
    [
        new Change("left out", static (parent, name) => (parent as JsonObject)?.Remove(name)),
        new Change("misspelt", static (parent, name) =>
        {
            if (parent is JsonObject keys)
            {
                keys[name + "x"] = keys[name]?.DeepClone();
                keys.Remove(name);
            }
        }),
        .. texts.Select(static text => new Change(text, (parent, name) =>
        {
            if (parent is JsonArray array)
            {
                array[int.Parse(name)] = JsonNode.Parse(text);
            }
            else
            {
                parent[name] = JsonNode.Parse(text);
            }
        })),
    ];

    // See The_program_takes_other_types_for_what_they_say_and_the_schema_wants_the_documented_ones.
    private static bool IsOfAnotherType(JsonNode shipped, string[] place, string value)
    {
        var isJson = value.Length > 0 && "\"{[0123456789tf".Contains(value[0]);
        var old = place.Aggregate(shipped, static (node, name) => node is JsonArray array ? array[int.Parse(name)]! : node[name]!);
        return isJson && (old switch
        {
            JsonObject => value == "\"\"" || value[0] is not ('"' or '{' or '[') || (place[^1] == "Metadata" && value[0] == '['),
            JsonArray => value[0] is not ('"' or '[') || value == "[ 404 ]",
            _ => value[0] is not ('"' or '{' or '['),
        });
    }

    private static void AssertSame(JsonNode json, string changed)
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-schema-");
        try
        {
            File.WriteAllText(Path.Combine(directory.FullName, "appsettings.json"), json.ToJsonString());
            var problems = new List<ConfigurationProblem>();
            var sources = new ConfigurationSources(directory.FullName, [], new ConfigurationBuilder().Build());
            CheckConfigCommand.Check(sources, problems);
            var beyond = problems.Where(problem => !RulesBeyondTheSchema.Has(problem, sources.Read([])!)).ToArray();
            Assert.True(SchemaVerdict.Accepts(json) == (beyond.Length == 0), $"{changed}\n{ConfigurationReport.Text(problems)}");
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static (IConfigurationRoot Values, List<ConfigurationProblem> Problems) Compile((string Key, string? Value)[] changes)
    {
        var last = new ConfigurationBuilder().AddInMemoryCollection(changes.Select(static change => KeyValuePair.Create(change.Key, change.Value))).Build();
        var problems = new List<ConfigurationProblem>();
        var sources = new ConfigurationSources(Harness.CustomersAlone.Directory, [], last);
        ConfigurationCompiler.Compile(sources, running: null, problems);
        return (sources.Read([])!, problems);
    }

    private static IEnumerable<string[]> Places(JsonNode node, string[] above)
    {
        var children = node switch
        {
            JsonObject keys => keys.Select(static pair => (pair.Key, pair.Value)),
            JsonArray items => items.Select(static (item, i) => ($"{i}", item)),
            _ => [],
        };
        return children.SelectMany(child => Places(child.Item2!, [.. above, child.Item1]).Prepend([.. above, child.Item1]));
    }

    private static JsonNode Parse(string json) => JsonNode.Parse(
        json, documentOptions: new System.Text.Json.JsonDocumentOptions { CommentHandling = System.Text.Json.JsonCommentHandling.Skip, AllowTrailingCommas = true })!;

    private sealed record Change(string Name, Action<JsonNode, string> Make)
    {
        public override string ToString() => Name;
    }
}
