using System.Text.Json;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Documentation;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Management.Explaining;

public sealed class ExplainTests(ExplainedProxyFixture fixture) : IClassFixture<ExplainedProxyFixture>
{
    private const string Host = "Host: demo.example.com";
    private const string Secret = "s3cr3t-of-a-customer";

    private ExplainedProxy Proxy => fixture.Proxy;

    [Fact]
    public async Task The_page_shows_what_is_answered()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 28, 9, 0, 0, TimeSpan.Zero));
        await using var proxy = await ExplainedProxy.StartAsync(time: time);
        await proxy.StoreAsync("demo:customer:7", "demo.example.com /api/customers/7");
        time.Advance(TimeSpan.FromSeconds(12));
        var page = await File.ReadAllTextAsync(MarkdownPage.Named("docs/explain.md").Path, TestContext.Current.CancellationToken);

        Assert.Contains(await proxy.ExplainAsTextAsync("text", "GET /api/customers/7", Host), page, StringComparison.Ordinal);
        Assert.Contains(await proxy.ExplainAsTextAsync("text", "GET /api/customers/7", "Host: localhost"), page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hit_is_explained_with_what_is_stored()
    {
        await Proxy.StoreAsync("demo:customer:20", "demo.example.com /api/customers/20", bodyBytes: 5);

        var explained = await Proxy.ExplainAsync("GET http://demo.example.com/api/customers/20");

        Assert.Equal("hit", explained.GetProperty("decision").GetProperty("outcome").GetString());
        Assert.InRange(explained.GetProperty("decision").GetProperty("ttlSeconds").GetInt64(), 200, 300);
        var resource = explained.GetProperty("resource");
        Assert.Equal(("demo:customer:20", "plain"), (resource.GetProperty("key").GetString(), resource.GetProperty("variant").GetString()));
        var variant = resource.GetProperty("stored").GetProperty("variants")[0];
        Assert.Equal(("usable", 5, "\"7\""), (variant.GetProperty("state").GetString(), variant.GetProperty("bytes").GetInt32(), variant.GetProperty("etag").GetString()));
    }

    [Fact]
    public async Task Another_variant_than_is_stored_is_explained_by_the_parts_that_differ()
    {
        await Proxy.StoreAsync("demo:customer:21", "demo.example.com /api/customers/21", vary: "x-plan");

        var explained = await Proxy.ExplainAsync("GET /api/customers/21?a=b", Host, "X-Plan: gold", "Accept-Language: de", $"Cookie: {Secret}", "X-Forwarded-Proto: https");

        Assert.Equal("fill", explained.GetProperty("decision").GetProperty("outcome").GetString());
        Assert.Contains("variant", explained.GetProperty("summary").GetString(), StringComparison.Ordinal);
        var parts = explained.GetProperty("resource").GetProperty("variantParts").EnumerateArray()
            .ToDictionary(static part => part.GetProperty("part").GetString()!, static part => part.TryGetProperty("value", out var value) ? value.GetString() : null);
        Assert.Equal(
            ["credentials", "forwarded header x-forwarded-proto", "header accept-language", "header x-plan", "query"], parts.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(("?a=b", "gold", "de", null), (parts["query"], parts["header x-plan"], parts["header accept-language"], parts["credentials"]));
        Assert.False(explained.GetProperty("resource").GetProperty("stored").GetProperty("variants")[0].GetProperty("askedFor").GetBoolean());
    }

    [Theory]
    [InlineData($"Cookie: a={Secret}")]
    [InlineData($"Authorization: Bearer {Secret}")]
    [InlineData($"X-Api-Key: {Secret}")]
    public async Task No_credential_is_shown_not_even_where_the_answers_vary_on_it(string header)
    {
        await Proxy.StoreAsync("demo:customer:22", "demo.example.com /api/customers/22", vary: "authorization,cookie,x-api-key");

        foreach (var path in (string[])["customers/22", "claims/1", "bypass/1", "shadow/1"])
        {
            Assert.DoesNotContain(Secret, await Proxy.ExplainAsTextAsync("json", $"GET /api/{path}", Host, header), StringComparison.Ordinal);
            Assert.DoesNotContain(Secret, await Proxy.ExplainAsTextAsync("text", $"PUT /api/{path}", Host, header), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_tenant_is_explained_by_what_each_source_says()
    {
        var tenant = (await Proxy.ExplainAsync("GET /api/customers/1", Host, "X-Tenant-Subdomain: acme")).GetProperty("tenant");

        Assert.Equal(
            ["Header:X-Tenant-Subdomain acme", "Host demo"],
            tenant.GetProperty("sources").EnumerateArray().Select(static one => $"{one.GetProperty("source").GetString()} {one.GetProperty("says").GetString()}"));
        Assert.Equal("none: contradictory", tenant.GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_write_is_explained_by_what_it_fences_and_evicts()
    {
        await Proxy.StoreAsync("demo:customer:23", "demo.example.com /api/customers/23");

        var explained = await Proxy.ExplainAsync("PUT /api/customers/23", Host);
        var unfenced = await Proxy.ExplainAsync("PUT /api/off/23", Host);

        Assert.Equal("write", explained.GetProperty("decision").GetProperty("outcome").GetString());
        var target = Assert.Single(explained.GetProperty("evicts").EnumerateArray());
        Assert.Equal(("demo:customer:23", true), (target.GetProperty("key").GetString(), target.GetProperty("fenced").GetBoolean()));
        Assert.Equal("there", target.GetProperty("stored").GetProperty("state").GetString());
        Assert.False(Assert.Single(unfenced.GetProperty("evicts").EnumerateArray()).GetProperty("fenced").GetBoolean());
        Assert.Equal("hit", (await Proxy.ExplainAsync("GET /api/customers/23", Host)).GetProperty("decision").GetProperty("outcome").GetString());
    }

    [Fact]
    public async Task A_strict_write_without_Redis_is_explained_as_refused()
    {
        await using var proxy = await ExplainedProxy.StartAsync("127.0.0.1:1", withKeys: false);
        // The breaker opens with the first step that fails.
        await proxy.Store.LookUpAsync(new ResourceKey("a"), VariantKey.Plain, new StoreTimeoutBudget(TimeSpan.FromSeconds(5)));

        var decision = (await proxy.ExplainAsync("PUT /api/strict/1", Host)).GetProperty("decision");

        Assert.Equal(("refuse", "store-unavailable"), (decision.GetProperty("outcome").GetString(), decision.GetProperty("detail").GetString()));
    }

    [Theory]
    [InlineData("GET /api/customers/search", "pass")]
    [InlineData("PATCH /api/customers/search", "pass")]
    [InlineData("QUERY /api/asked/1", "fill")]
    [InlineData("GET /api/customers/1", "fill")]
    [InlineData("QUERY /api/asked/1\nContent-Length: 3", "unknown")]
    public async Task Other_requests_are_explained_by_what_becomes_of_them(string request, string outcome) => Assert.Equal(
        outcome, (await Proxy.ExplainAsync([.. request.Split('\n'), Host])).GetProperty("decision").GetProperty("outcome").GetString());

    [Fact]
    public async Task Nothing_is_stored_leased_fenced_or_learned_by_an_explanation()
    {
        foreach (var method in (string[])["GET", "HEAD", "PUT", "DELETE"])
        {
            await Proxy.ExplainAsync($"{method} /api/customers/24", Host);
        }

        Assert.True((await Proxy.Store.InspectAsync(new ResourceKey("demo:customer:24"), new StoreTimeoutBudget(TimeSpan.FromSeconds(1))))!.IsEmpty);
        Assert.Null(Proxy.Get<CacheProxy.Filling.RefusalSamples>().Find("strict"));
    }

    [Theory]
    [InlineData("url=/a")]
    [InlineData("url=a.example.com/x")]
    [InlineData("url=ftp://a/x")]
    [InlineData("url=http://user@a/x")]
    [InlineData("header=Host: a")]
    [InlineData("url=http://a/x;header=no colon")]
    [InlineData("url=http://a/x;header=A b: c")]
    [InlineData("url=http://a/x;header=A: b\nC: d")]
    [InlineData("url=http://a/x;method=GE T")]
    [InlineData("url=http://a/x;client=here")]
    public async Task What_describes_no_request_is_a_problem(string query)
    {
        var answer = await ExplainedProxy.AskAsync(
            Proxy.Pages.ExplainAsync, [.. query.Split(';').Select(static one => (one.Split('=', 2)[0], one.Split('=', 2)[1]))]);

        Assert.Equal(400, JsonDocument.Parse(answer).RootElement.GetProperty("status").GetInt32());
    }

    [Fact]
    public async Task An_entry_is_found_by_its_key_and_by_a_request_for_it()
    {
        await Proxy.StoreAsync("demo:customer:25", "demo.example.com /api/customers/25");

        var byKey = await ExplainedProxy.AskAsync(Proxy.Pages.EntriesAsync, ("policy", "customer"), ("key", "demo:customer:25"));
        var byUrl = await ExplainedProxy.AskAsync(Proxy.Pages.EntriesAsync, ("url", "http://demo.example.com/api/customers/25"));
        var foreign = await ExplainedProxy.AskAsync(Proxy.Pages.EntriesAsync, ("policy", "customer"), ("key", "somebody's:key"));
        var unknown = await ExplainedProxy.AskAsync(Proxy.Pages.EntriesAsync, ("policy", "none"), ("key", "demo:customer:25"));

        Assert.Equal(Variants(byKey), Variants(byUrl));
        Assert.Contains("{tenant}:customer:{id}", foreign, StringComparison.Ordinal);
        Assert.Contains("customer", unknown, StringComparison.Ordinal);
        Assert.All((string[])[foreign, unknown], static answer => Assert.Equal(400, JsonDocument.Parse(answer).RootElement.GetProperty("status").GetInt32()));

        static int Variants(string json) => JsonDocument.Parse(json).RootElement.GetProperty("stored").GetProperty("variants").GetArrayLength();
    }
}
