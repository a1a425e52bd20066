using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using Microsoft.AspNetCore.Routing;
using Xunit;

namespace CacheProxy.Tests.Configuration.Policies;

public sealed class CachePolicyTests
{
    [Theory]
    [InlineData("PUT", true)]
    [InlineData("PATCH", true)]
    [InlineData("DELETE", true)]
    [InlineData("put", true)]
    [InlineData("Delete", true)]
    [InlineData("POST", false)]
    [InlineData("PROPPATCH", false)]
    [InlineData("", false)]
    [InlineData(null, true)]
    public void By_default_PUT_PATCH_and_DELETE_evict_in_any_case_and_so_does_a_method_that_may_be_any(string? method, bool evicts) =>
        Assert.Equal(evicts, Policy("{id}").EvictsOn(method));

    [Theory]
    [InlineData("POST")]
    [InlineData("FOO")]
    [InlineData("PUT")]
    public void An_asterisk_is_every_method(string method) => Assert.True(Policy("{id}", "*").EvictsOn(method));

    [Theory]
    [InlineData("GET", "", "QUERY, POST, query, GET, HEAD")]
    [InlineData("GET, QUERY", "QUERY", "POST, query, GET, HEAD")]
    [InlineData("POST", "POST", "QUERY, post, GET, HEAD")]
    public void Only_named_methods_read_by_their_content_and_case_matters(string named, string reading, string others)
    {
        var options = new CachePolicyOptions { Name = "p", Key = "{id}", ReadMethods = [.. named.Split(", ")] };
        var policy = new CachePolicy(options, KeyTemplate.TryParse("{id}", out var template, out _) ? template! : throw new InvalidOperationException());

        Assert.All(reading.Split(", ", StringSplitOptions.RemoveEmptyEntries), method => Assert.True(policy.ReadsContentOf(method)));
        Assert.All(others.Split(", "), method => Assert.False(policy.ReadsContentOf(method)));
    }

    [Fact]
    public void A_list_replaces_the_default()
    {
        var policy = Policy("{id}", "POST");

        Assert.True(policy.EvictsOn("POST"));
        Assert.False(policy.EvictsOn("PUT"));
    }

    [Theory]
    [InlineData("{tenant}:customer:{id}", "id")]
    [InlineData("{id}:{part}", "id")]
    [InlineData("{customer}:{pet}", "pet")]
    [InlineData("{host}{path}", null)]
    public void The_id_of_the_log_events_is_the_value_called_id_or_the_last_one(string key, string? expected)
    {
        var policy = Policy(key);

        Assert.Equal(expected, policy.IdValueName);
        Assert.Equal(expected, policy.IdOf(new RouteValueDictionary
        {
            ["id"] = "id",
            ["part"] = "part",
            ["customer"] = "customer",
            ["pet"] = "pet",
        }));
    }

    [Fact]
    public void Status_codes_and_times_reach_the_rules_of_HTTP()
    {
        var storage = Make(Options("{id}") with
        {
            StatusCodes = ["404", "*", "301"],
            Ttl = TimeSpan.FromSeconds(1),
            NegativeTtl = TimeSpan.FromSeconds(2),
            StaleIfError = TimeSpan.FromSeconds(3),
            StaleWhileRevalidate = TimeSpan.FromSeconds(4),
        }).Storage;

        Assert.Equal(
            new CacheProxy.Http.StoragePolicy(
                TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2), storage.Statuses, true, false, TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(3)),
            storage);
        Assert.Equal([301, 404], storage.Statuses!.Order());
    }

    private static CachePolicy Policy(string key, params string[] evictOn) =>
        Make(evictOn.Length == 0 ? Options(key) : Options(key) with { EvictOn = [.. evictOn] });

    private static CachePolicyOptions Options(string key) => new() { Name = "customer", Key = key };

    private static CachePolicy Make(CachePolicyOptions options) =>
        new(options, KeyTemplate.TryParse(options.Key, out var template, out var problem) ? template! : throw new ArgumentException(problem));
}
