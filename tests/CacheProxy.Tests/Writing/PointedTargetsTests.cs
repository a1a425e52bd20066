using System.Text;
using CacheProxy.Configuration.Policies;
using CacheProxy.Writing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.Tests.Writing;

/// <summary>Which resources the values in a body name.</summary>
public sealed class PointedTargetsTests
{
    private const int MaxBytes = 4096;

    [Theory]
    [InlineData("/customerId", """{"customerId":7}""", "customer:7")]
    [InlineData("/customerId", """{"customerId":"7"}""", "customer:7")]
    [InlineData("/customerId", """{"customerId":"a-b_c.d~1"}""", "customer:a-b_c.d~1")]
    [InlineData("/customerId", """{"customerId":"0A1B2C3D-0000-0000-0000-00000000ABCD"}""", "customer:0a1b2c3d-0000-0000-0000-00000000abcd")]
    [InlineData("/*/customerId", """[{"customerId":7},{"customerId":8},{"customerId":7},{}]""", "customer:7 customer:8")]
    [InlineData("/owners/*", """{"owners":{"a":1,"b":2}}""", "customer:1 customer:2")]
    [InlineData("/0/value", """[{"op":"replace","path":"/customerId","value":7}]""", "customer:7")]
    [InlineData("/customerId", """{"customerId":7.0}""", "customer:7 customer:7.0")]
    [InlineData("/customerId", """{"customerId":1e2}""", "customer:100 customer:1e2")]
    [InlineData("/customerId", """{"customerId":7.5}""", "customer:7.5")]
    [InlineData("/customerId", """{"customerId":true}""", "customer:true")]
    public void A_value_names_a_resource_as_it_would_in_a_path(string pointer, string json, string expected)
    {
        var pointed = Find(pointer, json, out var found);

        Assert.Equal(expected, found);
        Assert.Empty(pointed.Unresolved());
    }

    [Theory]
    [InlineData("""{"customerId":" 7 "}""", "customer:7", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":"7/pets"}""", "customer:7", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":"%37"}""", "customer:7", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":"\uff17"}""", "customer:7", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":""}""", "", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":" /"}""", "", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":{"id":7}}""", "", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":[7]}""", "", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":"\ud800"}""", "", UnresolvedReason.Malformed)]
    [InlineData("""{"customerId":null}""", "", UnresolvedReason.Absent)]
    [InlineData("""{"name":"Rex"}""", "", UnresolvedReason.Absent)]
    [InlineData("""[{"customerId":7}]""", "", UnresolvedReason.Absent)]
    [InlineData("""{"customerId":7,"customerId":8}""", "", UnresolvedReason.NotJson)]
    [InlineData("""{"customerId":7""", "", UnresolvedReason.NotJson)]
    [InlineData("customerId=7", "", UnresolvedReason.NotJson)]
    [InlineData("", "", UnresolvedReason.NotJson)]
    public void A_value_in_doubt_evicts_what_it_may_mean_and_counts_as_unresolved(string json, string expected, object reason)
    {
        var pointed = Find("/customerId", json, out var found);

        Assert.Equal(expected, found);
        Assert.Equal(("customer", (UnresolvedReason)reason), pointed.Unresolved().Select(static missed => (missed.Policy.Name, missed.Reason)).Single());
    }

    [Fact]
    public void A_value_that_is_too_long_for_a_key_names_nothing()
    {
        Find("/customerId", $$"""{"customerId":"{{new string('a', 129)}}"}""", out var found);

        Assert.Equal("", found);
    }

    [Fact]
    public void One_write_evicts_at_most_256_resources()
    {
        var pointed = Find("/*", $"[{string.Join(',', Enumerable.Range(0, 300))}]", out var found);

        Assert.Equal(256, found.Split(' ').Length);
        Assert.Equal(UnresolvedReason.TooMany, Assert.Single(pointed.Unresolved()).Reason);
    }

    [Fact]
    public void A_body_that_names_nothing_is_not_counted_where_the_other_names_a_resource_of_the_policy()
    {
        var pointed = WriteToPet.Find(
            "PATCH", "/api/pets/1", ("Evicts:0:Policy", "customer"), ("Evicts:0:id", "request:/customerId"), ("Evicts:1:Policy", "customer"), ("Evicts:1:id", "response:/customerId"));

        Assert.Empty(Find(pointed, PointedBody.Request, """{"name":"Rex"}"""));
        Assert.Equal(UnresolvedReason.Absent, Assert.Single(pointed.Unresolved()).Reason);
        Assert.Equal("demo:customer:7", Assert.Single(Find(pointed, PointedBody.Response, """{"customerId":7}""")).Key.Value);
        Assert.Empty(pointed.Unresolved());
    }

    [Fact]
    public void What_is_known_already_is_not_named_again()
    {
        var pointed = WriteToPet.Find(
            "PUT", "/api/pets/1", ("Evicts:0:Policy", "customer"), ("Evicts:0:id", "request:/customerId"), ("Evicts:1:Policy", "customer"), ("Evicts:1:id", "response:/customerId"));
        Find(pointed, PointedBody.Request, """{"customerId":7}""");

        Assert.Empty(Find(pointed, PointedBody.Response, """{"customerId":7}"""));
        Assert.Equal(["demo:pet:1", "demo:customer:7"], pointed.Known.Select(static target => target.Key.Value));
    }

    [Fact]
    public void Values_that_no_pointer_gives_are_the_routes_own_and_every_pair_of_values_is_evicted()
    {
        (string, string?)[] line =
        [
            ("CacheProxy:Policies:line:Key", "{tenant}:line:{id}:{a}:{b}"), ("CacheProxy:Policies:pet:Evicts:0:Policy", "line"),
            ("CacheProxy:Policies:pet:Evicts:0:a", "request:/a/*"), ("CacheProxy:Policies:pet:Evicts:0:b", "request:/b/*"),
        ];
        var pointed = WriteToPet.Find("PUT", "/api/pets/1", line);

        Assert.Equal(
            ["demo:line:1:1:3", "demo:line:1:1:4", "demo:line:1:2:3", "demo:line:1:2:4"],
            Find(pointed, PointedBody.Request, """{"a":[1,2],"b":[3,4]}""").Select(static target => target.Key.Value));
    }

    [Fact]
    public void Every_tenant_that_the_API_may_take_the_write_for_is_evicted()
    {
        var pointed = WriteToPet.FindFor("acme, demo", "POST", "/api/pets", ("Evicts:0:Policy", "customer"), ("Evicts:0:id", "request:/customerId"));

        Assert.Equal(
            ["acme:customer:7", "demo:customer:7"],
            Find(pointed, PointedBody.Request, """{"customerId":7}""").Select(static target => target.Key.Value).Order(StringComparer.Ordinal));
    }

    private static PointedTargets Find(string pointer, string json, out string found)
    {
        var pointed = WriteToPet.Find("POST", "/api/pets", ("Evicts:0:Policy", "customer"), ("Evicts:0:id", "request:" + pointer));
        found = string.Join(' ', Find(pointed, PointedBody.Request, json).Select(static target => target.Key.Value["demo:".Length..]).Order(StringComparer.Ordinal));
        return pointed;
    }

    private static EvictionTarget[] Find(PointedTargets pointed, PointedBody body, string json) =>
        pointed.Find(body, Encoding.UTF8.GetBytes(json), new HeaderDictionary { ["Content-Type"] = "application/json" }, MaxBytes);
}
