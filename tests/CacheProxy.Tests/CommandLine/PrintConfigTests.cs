using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using CacheProxy.CommandLine;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.Tests.CommandLine;

public sealed class PrintConfigTests
{
    private const string Mounted = """
        {
          "CacheProxy": {
            "Policies": { "customer": { "Ttl": "", "ExceptIds": [ "mine" ], "VaryBy": "Accept, X-Plan" } },
            "Redis": { "ConnectionString": "redis:6379,password=s3cret,with,commas,ssl=true,defaultDatabase=3" },
            "Credentials": { "FingerprintSecret": "s3cret" },
            "Warm": { "Credential": "s3cret", "CredentialHeader": "X-Key" },
            "Management": { "Tokens": [ "s3cret-s3cret-s3cret" ], "TokensFile": "" }
          },
          "Kestrel": { "Certificates": { "Default": { "Password": "s3cret", "Path": "tls.pfx" } } },
          "ReverseProxy": {
            "Routes": {
              "everything-else": {
                "Transforms": [ { "RequestHeader": "X-Api-Key", "Set": "s3cret" } ],
                "Metadata": { "ApiSecret": "s3cret" },
                "Match": { "Headers": [ { "Name": "X-Token", "Values": [ "s3cret" ] } ] }
              }
            },
            "Clusters": { "customer-api": { "HttpClient": { "WebProxy": { "Address": "http://me:s3cret@proxy:8080/" } } } }
          },
          "Serilog": { "Properties": { "Pod": "a", "Token": "s3cret" } }
        }
        """;

    [Fact]
    public Task No_secret_is_printed_in_either_form() => Invocation.InDirectoryAsync(
        static async directory =>
        {
            var text = await Invocation.OfAsync("print-config", "-d", directory, "--CacheProxy:Redis:Pasword=s3cret", "--CacheProxy:Tokens:Keys=https://k.test/?sig=s3cret");
            var json = await Invocation.OfAsync("print-config", "-d", directory, "-o", "json");

            Assert.DoesNotContain("s3cret", text.Output + text.Errors + json.Output + json.Errors);
            Assert.DoesNotContain("commas", text.Output);
            Assert.Contains("CacheProxy:Redis:ConnectionString = \"redis:6379,password=***,***,***,ssl=true,defaultDatabase=3\"", text.Output);
            Assert.Contains("WebProxy:Address = \"http://***@proxy:8080/\"", text.Output);
            Assert.Contains("Transforms:0:RequestHeader = \"X-Api-Key\"", text.Output);
            Assert.Contains("CacheProxy:Warm:CredentialHeader = \"X-Key\"", text.Output);
        },
        mounted: Mounted);

    [Theory]
    [InlineData("redis://:s3cret@redis:6379")]
    [InlineData("me:s3cret@redis:6379")]
    [InlineData("redis:6379,pasword=s3cret")]
    [InlineData("redis:6379,PASSWORD = s3cret,s3cret")]
    [InlineData("redis:6379,password=a=s3cret")]
    [InlineData("s3cret=redis")]
    public Task A_connection_string_is_hidden_in_doubt(string text) => Invocation.InDirectoryAsync(async directory =>
    {
        var printed = await Invocation.OfAsync("print-config", "-d", directory, $"--CacheProxy:Redis:ConnectionString={text}");

        Assert.DoesNotContain(text.StartsWith("s3cret", StringComparison.Ordinal) ? "=redis" : "s3cret", printed.Output);
    });

    [Fact]
    public Task Every_value_says_where_it_comes_from() => Invocation.InDirectoryAsync(
        static async directory =>
        {
            var values = Values(await Invocation.OfAsync("print-config", "-d", directory, "-o", "json", "--cacheproxy:policies:PET:ttl", "7m"));

            var (shipped, mounted) = (Path.Combine(directory, "appsettings.json"), Path.Combine(directory, "config", "appsettings.json"));
            Assert.Equal(("{tenant}:customer:{id}", 2, shipped), values["CacheProxy:Policies:customer:Key"]);
            Assert.Equal(("mine", 3, mounted), values["CacheProxy:Policies:customer:ExceptIds:0"]);
            Assert.Equal(("self", 2, shipped), values["CacheProxy:Policies:customer:ExceptIds:1"]);
            Assert.Equal(("Accept, X-Plan", 3, mounted), values["CacheProxy:Policies:customer:VaryBy"]);
            Assert.Equal(("7m", 5, "command line"), values["CacheProxy:Policies:pet:Ttl"]);
            Assert.Equal(("64", 1, null), values["CacheProxy:Policies:customer:MaxVariants"]);
            Assert.Equal(("Accept, Accept-Language, Api-Version, X-Api-Version", 1, null), values["CacheProxy:Policies:pet:VaryBy"]);
            Assert.DoesNotContain("CacheProxy:Policies:customer:Ttl", values.Keys);
        },
        mounted: Mounted);

    [Fact]
    public Task What_a_source_empties_is_the_default_and_says_who_emptied_it() => Invocation.InDirectoryAsync(
        static async directory => Assert.Contains(
            $"CacheProxy:Policies:customer:WriteDeadline = \"30s\"  # 1 default: {Path.Combine(directory, "config", "appsettings.json")} has it empty",
            (await Invocation.OfAsync("print-config", "-d", directory)).Output),
        mounted: """{ "CacheProxy": { "Policies": { "customer": { "WriteDeadline": "" } } } }""");

    [Fact]
    public Task Without_defaults_only_what_a_source_says_is_left() => Invocation.InDirectoryAsync(static async directory =>
    {
        var printed = await Invocation.OfAsync("print-config", "-d", directory, "--changed");

        Assert.Contains("CacheProxy:Policies:customer:Ttl", printed.Output);
        Assert.DoesNotContain("default", printed.Output);
    });

    [Fact]
    public Task A_configuration_that_would_not_start_is_printed_all_the_same_with_its_problems() => Invocation.InDirectoryAsync(static async directory =>
    {
        var printed = await Invocation.OfAsync("print-config", "-d", directory, "--CacheProxy:Redis:Timeout=250");

        Assert.Equal(1, printed.ExitCode);
        Assert.Contains("CacheProxy:Redis:Timeout = \"250\"", printed.Output);
        Assert.Contains("1 problem.", printed.Errors);
    });

    [Fact]
    public Task Defaults_are_those_of_the_program() => Invocation.InDirectoryAsync(static async directory =>
    {
        var values = Values(await Invocation.OfAsync("print-config", "-d", directory, "-o", "json"));
        (string Section, object Options)[] sections =
        [
            ("CacheProxy:Policies:customer", new CachePolicyOptions { Name = "", Key = "" }),
            ("CacheProxy:Policies:customer:Warm", new WarmOptions()),
            ("CacheProxy:Tenant", new TenantOptions()),
            ("CacheProxy:Credentials", new CredentialOptions()),
            ("CacheProxy:Tokens", new TokenOptions()),
            ("CacheProxy:Redis", new RedisOptions()),
            ("CacheProxy:Memory", new MemoryOptions()),
            ("CacheProxy:Encryption", new EncryptionOptions()),
            ("CacheProxy:Warm", new WarmCredentialOptions()),
            ("CacheProxy:Audit", new AuditOptions()),
            ("CacheProxy:Shadow", new ShadowOptions()),
            ("CacheProxy:Telemetry", new TelemetryOptions()),
            ("CacheProxy:Intake", new IntakeOptions()),
            ("CacheProxy:Intake:Stream", new IntakeStreamOptions()),
            ("CacheProxy:Management", new CacheProxy.Configuration.ManagementOptions()),
        ];

        Assert.All(
            sections.SelectMany(static section => section.Options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .Select(property => (Key: $"{section.Section}:{property.Name}", Default: Text(property.GetValue(section.Options)))))
                .Where(pair => pair.Default.Length > 0 && !values.ContainsKey($"{pair.Key}:0") && (!values.TryGetValue(pair.Key, out var value) || value.Source == 1)),
            pair => Assert.Equal(pair.Default, values.TryGetValue(pair.Key, out var value) ? Plain(value.Value) : "absent"));
    });

    [Fact]
    public void Every_key_that_speaks_of_a_secret_is_marked_as_one_in_the_schema()
    {
        string[] harmless =
        [
            "CacheProxy:Tokens", "CacheProxy:Credentials", "CacheProxy:Policies:*:Credentials", "CacheProxy:Warm:CredentialHeader", "CacheProxy:Warm:CredentialFile",
            "CacheProxy:Management:TokensFile", "ReverseProxy:Clusters:*:HttpClient:WebProxy:UseDefaultCredentials",
        ];
        string[] words = ["secret", "password", "token", "credential"];

        Assert.Equal(
            [],
            Secrets(ConfigurationSchema.Read(), "")
                .Where(key => words.Any(word => key.Name.Split(':')[^1].Contains(word, StringComparison.OrdinalIgnoreCase)) && !key.IsSecret)
                .Select(static key => key.Name)
                .Except(harmless));
    }

    private static IEnumerable<(string Name, bool IsSecret)> Secrets(SchemaNode node, string above) => node.Names
        .Append("*")
        .Select(name => (Name: above.Length == 0 ? name : $"{above}:{name}", Node: node.Child(name)))
        .Where(child => child.Node is not null && child.Name.Length < 120)
        .SelectMany(static child => Secrets(child.Node!, child.Name).Prepend((child.Name, child.Node!.IsSecret)));

    private static Dictionary<string, (string Value, int Source, string? From)> Values(Invocation printed) => JsonNode.Parse(printed.Output)!.AsArray().ToDictionary(
        static value => (string)value!["key"]!,
        static value => ((string)value!["value"]!, (int)value["source"]!, (string?)value["from"]),
        StringComparer.OrdinalIgnoreCase);

    // 0 and false, and a duration in either form, are the same.
    private static string Plain(string text) => DurationText.TryParse(text, out var duration) ? DurationText.Format(duration) : text;

    private static string Text(object? value) => value switch
    {
        null or ICollection { Count: 0 } or WarmOptions or IntakeStreamOptions => "",
        string text => text,
        TimeSpan duration => DurationText.Format(duration),
        bool flag => flag ? "true" : "false",
        IEnumerable list => string.Join(", ", list.Cast<string>()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
