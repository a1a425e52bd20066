using System.Collections;
using System.Globalization;
using System.Reflection;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Tests.Configuration;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>The tables of keys say what the program reads, and with which defaults.</summary>
public sealed class ConfigurationKeysTests
{
    private const string Required = "required";

    // What a row's NAME and CATEGORY can stand for in the shipped configuration.
    private static readonly (string Start, string Real)[] RealNames =
    [
        ("CacheProxy:Policies:NAME", "CacheProxy:Policies:customer"),
        ("CacheProxy:Tenants:NAME", "CacheProxy:Tenants:demo"),
        ("ReverseProxy:Routes:NAME", "ReverseProxy:Routes:customer"),
        ("ReverseProxy:Clusters:NAME:Destinations:NAME", "ReverseProxy:Clusters:customer-api:Destinations:primary"),
        ("ReverseProxy:Clusters:NAME", "ReverseProxy:Clusters:customer-api"),
        ("Serilog:MinimumLevel:Override:CATEGORY", "Serilog:MinimumLevel:Override:CacheProxy"),
    ];

    public static TheoryData<string> Pages => ["README.md", "docs/configuration.md"];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_option_has_its_row_with_its_default(string page)
    {
        var rows = MarkdownPage.Named(page).KeyRows()
            .Where(static row => row.Key.StartsWith("CacheProxy:", StringComparison.Ordinal))
            .Select(static row => $"{row.Key} = {row.Default}");

        Assert.Equal(Options().Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void No_row_names_a_key_that_the_program_does_not_know(string page)
    {
        var unknown = MarkdownPage.Named(page).KeyRows()
            .Where(static row => CandidateConfiguration.Compile((Real(row.Key), "x")).Problems
                .Any(static problem => problem.Allowed.Contains("unknown key", StringComparison.Ordinal)))
            .Select(static row => row.Key);

        Assert.Empty(unknown);
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void The_listeners_and_the_metadata_of_routes_have_their_rows(string page)
    {
        var rows = MarkdownPage.Named(page).KeyRows().ToDictionary(static row => row.Key, static row => row.Default, StringComparer.Ordinal);

        Assert.Equal(ListenerSettings.DefaultProxyUrl, rows[ListenerSettings.UrlKey(ListenerSettings.Proxy)]);
        Assert.Equal(ListenerSettings.DefaultManagementUrl, rows[ListenerSettings.UrlKey(ListenerSettings.Management)]);
        Assert.Equal("none", rows[$"ReverseProxy:Routes:NAME:Metadata:{RouteMetadata.CachePolicy}"]);
        Assert.Equal("none", rows[$"ReverseProxy:Routes:NAME:Metadata:{RouteMetadata.Evicts}"]);
        Assert.Equal("Information", rows["Serilog:MinimumLevel:Default"]);
    }

    private static IEnumerable<string> Options() =>
    [
        .. OptionsOf("CacheProxy:Tenant", new TenantOptions()),
        .. OptionsOf("CacheProxy:Tenants:NAME", new TenantLimits { Name = "" }),
        .. OptionsOf("CacheProxy:Credentials", new CredentialOptions()),
        .. OptionsOf("CacheProxy:Tokens", new TokenOptions()),
        .. OptionsOf("CacheProxy:Redis", new RedisOptions()),
        .. OptionsOf("CacheProxy:Memory", new MemoryOptions()),
        .. OptionsOf("CacheProxy:Encryption", new EncryptionOptions()),
        .. OptionsOf(TelemetrySettings.Section, new TelemetryOptions()),
        $"{CacheProxySettings.InlineSocketsKey} = {Text(new CacheProxyOptions().InlineSockets)}",
        .. OptionsOf("CacheProxy:Policies:NAME", new CachePolicyOptions { Name = "", Key = Required }),
        .. OptionsOf("CacheProxy:Policies:NAME:Warm", new WarmOptions()),
        .. OptionsOf("CacheProxy:Warm", new WarmCredentialOptions()),
        .. OptionsOf("CacheProxy:Audit", new AuditOptions()),
        .. OptionsOf("CacheProxy:Shadow", new ShadowOptions()),
        .. OptionsOf("CacheProxy:Intake", new IntakeOptions()),
        .. OptionsOf("CacheProxy:Intake:Stream", new IntakeStreamOptions()),
        .. OptionsOf("CacheProxy:Management", new ManagementOptions()),
    ];

    private static IEnumerable<string> OptionsOf(string section, object defaults) => defaults.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(static property => property.Name is not (nameof(CachePolicyOptions.Name) or nameof(CachePolicyOptions.Warm) or nameof(IntakeOptions.Stream)))
        .Select(property => $"{section}:{property.Name} = {Text(property.GetValue(defaults))}");

    private static string Text(object? value) => value switch
    {
        null or ICollection { Count: 0 } => "none",
        "" => "empty",
        string text => text,
        TimeSpan duration => DurationText.Format(duration),
        bool flag => flag ? "true" : "false",
        IEnumerable list => string.Join(", ", list.Cast<string>()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Real(string key)
    {
        foreach (var (start, real) in RealNames)
        {
            if (key.StartsWith(start, StringComparison.Ordinal))
            {
                return real + key[start.Length..];
            }
        }

        return key;
    }
}
