using System.Text.RegularExpressions;
using CacheProxy.Configuration;
using Microsoft.Extensions.Configuration;

namespace CacheProxy.Tests.Configuration;

/// <summary>What <c>check-config</c> refuses and a JSON Schema of one file cannot: all of it, each with a configuration that needs it.</summary>
internal static partial class RulesBeyondTheSchema
{
    private const string Customer = "CacheProxy:Policies:customer";

    public static IReadOnlyList<RuleBeyondTheSchema> All { get; } =
    [
        // A file may add to another one, to variables and to the command line: what it lacks, they may have.
        new("a key that is missing", Missing(), [("CacheProxy:Policies:pet:Ttl", "5m")]),
        new(
            "the address of a destination that has other keys",
            MissingAddress(),
            [("ReverseProxy:Clusters:customer-api:Destinations:second:Host", "api")],
            static (problem, _) => problem.Value is null),
        new("a key that needs another one", Needs(), [($"{Customer}:NegativeTtl", "10s")]),
        new(
            "claims of a policy that does not say Credentials",
            Claims(),
            [($"{Customer}:Claims", "tenant")],
            static (problem, values) => string.IsNullOrWhiteSpace(values[$"{problem.Key[..problem.Key.LastIndexOf(':')]}:Credentials"])),
        new("a key that needs other files", NeedsElsewhere(), [($"{Customer}:Encrypt", "true")]),
        // Keywords compare a value with what the schema says, never with another value.
        new("two durations or sizes that are compared", Compared(), [($"{Customer}:WriteLimit", "29s")]),
        new("a name that another section has to have", Names(), [("ReverseProxy:Routes:customer:ClusterId", "customers-api")]),
        new("a value that only the route's path gives", Filled(), [("ReverseProxy:Routes:everything-else:Metadata:Evicts", "customer")]),
        new("a value that the other policy's key has to have", Valued(), [
            ("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}"), ("CacheProxy:Policies:pet:Evicts:0:Policy", "customer"),
            ("CacheProxy:Policies:pet:Evicts:0:number", "request:/number"),
        ]),
        new("keys that two resources would share", Shared(), [("CacheProxy:Policies:person:Key", "{tenant}:customer:{number}")]),
        new("a tag with a tenant under a key without one", TenantOfTag(), [($"{Customer}:Key", "customer:{id}"), ($"{Customer}:Tags", "{tenant}:vip")]),
        new("one port for two listeners", Port(), [("Kestrel:Endpoints:Management:Url", "http://localhost:4004")]),
        // No schema reads files, or knows the languages of others.
        new("what a file holds", Files(), [("CacheProxy:Warm:CredentialFile", "/nowhere/at/all")]),
        new("the language of connection strings", Connection(), [("CacheProxy:Redis:ConnectionString", "redis:6379,pasword=x")]),
        new("the language of route patterns, and what else YARP itself checks", Yarp(), [("ReverseProxy:Routes:customer-search:Match:Path", "/a/{")]),
    ];

    public static bool Has(ConfigurationProblem problem, IConfiguration values) => All.Any(rule => rule.Has(problem, values));

    [GeneratedRegex("(?<!:TtlRules:[0-9]+:Ttl)(?<!:Evicts:[0-9]+:Policy) => missing; ")]
    private static partial Regex Missing();

    [GeneratedRegex(":Destinations:[^:]+:Address => an absolute address")]
    private static partial Regex MissingAddress();

    [GeneratedRegex("(:NegativeTtl|:TtlRules) => only together with ")]
    private static partial Regex Needs();

    [GeneratedRegex(":Claims => only together with Credentials: Claims")]
    private static partial Regex Claims();

    [GeneratedRegex("(:Encrypt|:Warm:Top|:Intake:Stream:Keys) => only ")]
    private static partial Regex NeedsElsewhere();

    [GeneratedRegex(" => (less than|more than|at least|no less than) [A-Z]")]
    private static partial Regex Compared();

    [GeneratedRegex(" => the name of a (policy|section)")]
    private static partial Regex Names();

    [GeneratedRegex(" => .* the route can fill")]
    private static partial Regex Filled();

    [GeneratedRegex(" => (Policy, or a value of the Key|no values: the Key|a policy whose Key needs one value|Url in its place)")]
    private static partial Regex Valued();

    [GeneratedRegex(" => (a key of its own|a policy of its own|a policy whose Key also names|a key that no tag has|no key that|a template that does not end|not .+, which holds what was set aside)")]
    private static partial Regex Shared();

    [GeneratedRegex(@":Tags => no \{tenant\} where Key has none")]
    private static partial Regex TenantOfTag();

    [GeneratedRegex(" => another port than the proxy's")]
    private static partial Regex Port();

    [GeneratedRegex("(:KeyFiles(:[0-9]+)?=/|:CredentialFile=|:TokensFile=/).* => (the absolute path of a file|a file |an absolute path$)")]
    private static partial Regex Files();

    [GeneratedRegex(":ConnectionString => .*(cannot be read|it names no server)$")]
    private static partial Regex Connection();

    [GeneratedRegex("^ReverseProxy:(Routes|Clusters):[^:]+ => (?!Unsupported HTTP method|No matching ILoadBalancingPolicy|a section with keys)")]
    private static partial Regex Yarp();
}

/// <summary>A rule that a schema cannot say.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Pattern">Its problems: key and what is allowed, with an arrow between.</param>
/// <param name="Case">A configuration that breaks it and no other: changes of the shipped one.</param>
/// <param name="Where">Where a schema cannot say it; <c>null</c> everywhere.</param>
internal sealed record RuleBeyondTheSchema(
    string Name, Regex Pattern, (string Key, string? Value)[] Case, Func<ConfigurationProblem, IConfiguration, bool>? Where = null)
{
    public bool Has(ConfigurationProblem problem, IConfiguration values) =>
        (Pattern.IsMatch($"{problem.Key} => {problem.Allowed}") || (problem.Value is not null && Pattern.IsMatch($"{problem.Key}={problem.Value} => {problem.Allowed}")))
        && (Where is null || Where(problem, values));

    public override string ToString() => Name;
}
