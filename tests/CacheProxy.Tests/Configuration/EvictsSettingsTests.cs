using CacheProxy.Configuration.Policies;
using Xunit;

namespace CacheProxy.Tests.Configuration;

/// <summary>What a policy may evict besides, and what a start refuses.</summary>
public sealed class EvictsSettingsTests
{
    private const string Evicts = "CacheProxy:Policies:pet:Evicts";

    private static readonly (string Key, string? Value)[] Pets =
    [
        ("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}"),
        ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"),
        ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet"),
        ("CacheProxy:Policies:list:Key", "{tenant}:list"),
        ("CacheProxy:Policies:line:Key", "{tenant}:line:{order}:{id}"),
    ];

    private static readonly (string Key, string? Value)[] Collection =
    [
        ("ReverseProxy:Routes:pets:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:pets:Match:Path", "/api/pets"),
        ("ReverseProxy:Routes:pets:Metadata:Evicts", "pet"),
    ];

    [Fact]
    public void Entries_name_policies_and_where_the_values_of_their_keys_stand()
    {
        var configuration = CandidateConfiguration.Accepted(
        [
            .. Pets, .. Collection,
            ($"{Evicts}:0:Policy", "customer"), ($"{Evicts}:0:id", "request:/customerId"),
            ($"{Evicts}:1:Policy", "customer"), ($"{Evicts}:1:ID", "Response:/owners/*/id"),
            ($"{Evicts}:2:Policy", "LIST"),
            ($"{Evicts}:3", "list"),
            ($"{Evicts}:4:Policy", "line"), ($"{Evicts}:4:order", "request:/order"),
        ]);

        var rules = configuration.Options.Policies.Single(static policy => policy.Name == "pet").Evicts;
        Assert.Equal(["customer", "customer", "LIST", "list", "line"], rules.Select(static rule => rule.Policy));
        Assert.Equal(
            [("id", PointedBody.Request, "/customerId"), ("ID", PointedBody.Response, "/owners/*/id"), ("order", PointedBody.Request, "/order")],
            rules.SelectMany(static rule => rule.Values).Select(static value => (value.Name, value.Body, value.Pointer.Text)));

        foreach (var route in new[] { "pet", "pets" })
        {
            var caching = configuration.Rules.Routes[route];
            Assert.Equal(route == "pet" ? ["list"] : ["pet", "list"], caching.Evicts.Select(static policy => policy.Name));
            Assert.Equal(["customer", "customer", "line"], caching.Pointed.Select(static eviction => eviction.Policy.Name));
        }
    }

    [Theory]
    [InlineData("list")]
    [InlineData("list, LIST")]
    public void Names_alone_may_be_one_text(string names) => Assert.Equal(
        "list", Assert.Single(CandidateConfiguration.Accepted([.. Pets, (Evicts, names)]).Rules.Routes["pet"].Evicts).Name);

    [Theory]
    [InlineData("Evicts:0:Policy", "custmer", "the name of a policy: customer, line, list, pet")]
    [InlineData("Evicts:0", "custmer", "the name of a policy: customer, line, list, pet")]
    [InlineData("Evicts", "custmer", "the name of a policy: customer, line, list, pet")]
    [InlineData("Evicts:0:id", "request:/customerId", "missing; the name of the policy whose resources are evicted", "Evicts:0:Policy")]
    public void What_names_no_policy_is_refused(string key, string value, string allowed, string? at = null)
    {
        var problem = CandidateConfiguration.Refused([.. Pets, ($"CacheProxy:Policies:pet:{key}", value)]);

        Assert.Equal(($"CacheProxy:Policies:pet:{at ?? key}", allowed), (problem.Key, problem.Allowed));
    }

    [Theory]
    [InlineData("customer", "customerId", "request:/customerId", "Policy, or a value of the Key of the policy customer, {tenant}:customer:{id}: id")]
    [InlineData("customer", "tenant", "request:/tenant", "Policy, or a value of the Key of the policy customer, {tenant}:customer:{id}: id")]
    [InlineData("list", "id", "request:/id", "no values: the Key of the policy list, {tenant}:list, has none")]
    [InlineData("customer", "id", "/customerId", "request: or response:, then a JSON pointer")]
    [InlineData("customer", "id", "header:/customerId", "request: or response:, then a JSON pointer")]
    [InlineData("customer", "id", "request:customerId", "request: or response:, then a JSON pointer")]
    [InlineData("customer", "id", "request:", "request: or response:, then a JSON pointer")]
    [InlineData("customer", "id", "response:/a~2b", "request: or response:, then a JSON pointer")]
    public void What_is_no_value_of_the_key_or_no_pointer_is_refused(string policy, string name, string pointer, string allowed)
    {
        var problem = CandidateConfiguration.Refused([.. Pets, ($"{Evicts}:0:Policy", policy), ($"{Evicts}:0:{name}", pointer)]);

        Assert.Equal($"{Evicts}:0:{name}", problem.Key);
        Assert.StartsWith(allowed, problem.Allowed, StringComparison.Ordinal);
    }

    [Fact]
    public void The_values_of_an_entry_stand_in_one_body()
    {
        var problem = CandidateConfiguration.Refused(
            [.. Pets, ($"{Evicts}:0:Policy", "line"), ($"{Evicts}:0:id", "request:/id"), ($"{Evicts}:0:order", "response:/order")]);

        Assert.Equal(($"{Evicts}:0:order", "response:/order", "a pointer into the same body as id: an entry is found in one body"), (problem.Key, problem.Value, problem.Allowed));
    }

    [Fact]
    public void What_no_pointer_gives_must_come_from_the_route_that_is_cached()
    {
        var problem = CandidateConfiguration.Refused([.. Pets, ($"{Evicts}:0:Policy", "line"), ($"{Evicts}:0:id", "request:/id")]);

        Assert.Equal("ReverseProxy:Routes:pet:Metadata:CachePolicy", problem.Key);
        Assert.Equal("a policy whose Evicts the route can fill: of the policy line it gives no {order}, and /api/pets/{id} does not give it either", problem.Allowed);
    }

    [Fact]
    public void A_route_without_the_values_of_a_key_may_evict_only_a_policy_that_says_what_else_that_means()
    {
        var problem = CandidateConfiguration.Refused([.. Pets, .. Collection]);

        Assert.Equal("ReverseProxy:Routes:pets:Metadata:Evicts", problem.Key);
        CandidateConfiguration.Accepted([.. Pets, .. Collection, (Evicts, "list")]);
    }
}
