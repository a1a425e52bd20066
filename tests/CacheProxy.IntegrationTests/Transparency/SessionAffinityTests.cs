using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>
/// A cluster may bind its clients to destinations, with YARP's <c>SessionAffinity</c>. What binds them belongs to one client: it is never
/// stored, and does not keep the API's response from being stored.
/// </summary>
public sealed class SessionAffinityTests
{
    private const string Cluster = "ReverseProxy:Clusters:customer-api";
    private const string Name = "affinity";

    [Theory]
    [InlineData("Cookie")]
    [InlineData("HashCookie")]
    [InlineData("ArrCookie")]
    public async Task A_miss_brings_the_cookie_to_its_client_and_a_hit_has_none(string policy)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Affinity(policy));

        var miss = await proxy.AskAsync("/api/customers/1");
        var hit = await proxy.AskAsync("/api/customers/1");

        Assert.StartsWith($"{Name}=", miss["Set-Cookie"], StringComparison.Ordinal);
        Assert.Equal("cacheproxy; fwd=uri-miss; fwd-status=200; stored", miss.CacheStatus);
        Assert.Equal(("1", true, null), (hit.Text, hit.IsHit, hit["Set-Cookie"]));
    }

    [Fact]
    public async Task A_header_that_binds_comes_with_a_miss_and_not_with_a_hit()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Affinity("CustomHeader"));

        var miss = await proxy.AskAsync("/api/customers/1");
        var hit = await proxy.AskAsync("/api/customers/1");

        Assert.NotNull(miss[Name]);
        Assert.Equal(("1", true, null), (hit.Text, hit.IsHit, hit[Name]));
    }

    [Fact]
    public async Task A_cookie_of_the_API_beside_it_still_keeps_the_response_from_being_stored()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Set-Cookie", "session=1")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Affinity("HashCookie"));

        var first = await proxy.AskAsync("/api/customers/1");
        var second = await proxy.AskAsync("/api/customers/1");

        Assert.StartsWith($"session=1, {Name}=", first["Set-Cookie"], StringComparison.Ordinal);
        Assert.Equal(("2", "cacheproxy; fwd=uri-miss; fwd-status=200; detail=set-cookie"), (second.Text, second.CacheStatus));
    }

    [Fact]
    public async Task A_cookie_of_the_API_under_the_same_name_counts_as_the_APIs()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Set-Cookie", $"{Name}=mine")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Affinity("HashCookie"));
        var bound = (await proxy.AskAsync("/api/customers/1"))["Set-Cookie"]!.Split(", ")[1].Split(';')[0];

        var answer = await proxy.AskAsync("/api/customers/1", ("Cookie", bound));

        Assert.Equal($"{Name}=mine", answer["Set-Cookie"]);
        Assert.EndsWith("detail=set-cookie", answer.CacheStatus, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_entry_that_a_304_confirms_stays_free_of_it()
    {
        await using var api = await StubApi.StartAsync(Answers.InTurn(
            Answers.Body("a", ("ETag", "\"a\""), ("Cache-Control", "max-age=60")),
            Answers.Status(304, "", ("ETag", "\"a\""), ("Cache-Control", "max-age=60"))));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, Affinity("CustomHeader"));
        await proxy.AskAsync("/api/customers/1");

        var validated = await proxy.AskAsync("/api/customers/1", ("Cache-Control", "no-cache"));
        var hit = await proxy.AskAsync("/api/customers/1");

        Assert.Equal(("a", "cacheproxy; fwd=request; fwd-status=304; stored"), (validated.Text, validated.CacheStatus));
        Assert.NotNull(validated[Name]);
        Assert.Equal(("a", true, null), (hit.Text, hit.IsHit, hit[Name]));
    }

    [Fact]
    public async Task A_client_that_is_bound_stays_with_its_destination()
    {
        await using var one = await StubApi.StartAsync(Answers.Body("one", ("Cache-Control", "no-store")));
        await using var other = await StubApi.StartAsync(Answers.Body("other", ("Cache-Control", "no-store")));
        await using var proxy = await ProxyUnderTest.StartAsync(
            one.Address, [.. Affinity("HashCookie"), ($"{Cluster}:Destinations:second:Address", other.Address), ($"{Cluster}:LoadBalancingPolicy", "RoundRobin")]);
        var first = await proxy.AskAsync("/api/customers/1");
        var cookie = first["Set-Cookie"]!.Split(';')[0];

        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(first.Text, (await proxy.AskAsync("/api/customers/1", ("Cookie", cookie))).Text);
        }
    }

    private static (string, string?)[] Affinity(string policy) =>
    [
        ($"{Cluster}:SessionAffinity:Enabled", "true"),
        ($"{Cluster}:SessionAffinity:Policy", policy),
        ($"{Cluster}:SessionAffinity:AffinityKeyName", Name),
    ];
}
