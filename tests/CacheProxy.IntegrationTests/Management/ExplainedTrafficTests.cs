using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

/// <summary>What is explained is what then happens, and it happens as if nobody had asked.</summary>
public sealed class ExplainedTrafficTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Host = "api.test";
    private const string Tenant = "X-Tenant-Subdomain: demo";

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task What_is_explained_is_what_then_happens(StoreKind kind)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("ETag", "\"1\"")));
        await using var proxy = await stores.StartAsync(kind, api.Address);
        const string Target = "/api/customers/1?a=b";

        Assert.Equal("fill", await OutcomeAsync(proxy, Target, Tenant));
        Assert.Equal("1", (await proxy.AskRawAsync(Target)).Content);
        await Eventually.TrueAsync(async () => await OutcomeAsync(proxy, Target, Tenant) == "hit");
        Assert.Equal("write", await OutcomeAsync(proxy, Target, Tenant, "method:PUT"));
        Assert.Equal("fill", await OutcomeAsync(proxy, Target, Tenant, "Accept: text/html"));
        Assert.Equal("fill", await OutcomeAsync(proxy, Target, Tenant, "Cookie: a=1"));
        Assert.Equal("1", (await proxy.AskRawAsync(Target)).Content);
        await proxy.AskRawAsync(Target, method: "PUT");
        Assert.Equal("fill", await OutcomeAsync(proxy, Target, Tenant));

        var entry = await ReadAsync(proxy, "/entries?policy=customer&key=demo:customer:1");
        Assert.Equal("empty", entry.GetProperty("stored").GetProperty("state").GetString());
        Assert.Equal(2, api.Requests.Count);
    }

    [Fact]
    public async Task Each_spelling_of_a_request_is_explained_with_the_word_that_it_gets()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        foreach (var target in (string[])
            [
                "/api/customers/1;x", "/api//customers/1", "/api/customers/2/../1", "/api/customers/1%2F2", "/api/customers/1%252F2", "/api/customers/%31",
                "/API/Customers/1/", "/api/customers/a:b", "/api/customers/me", "/api/customers/./1", "/api/customers/search?q=1", "/api/customers/%C3%A9",
                "/api/customers/1?_method=PUT", "/api/customers/1%3Bx", "/api/customers/1/..", "/",
            ])
        {
            var explained = await ExplainAsync(proxy, target, Tenant);
            var answer = await proxy.AskRawAsync(target);

            var status = string.Join(',', answer.Values("Cache-Status"));
            var detail = status.Split("detail=") is [_, var word] ? word : null;
            Assert.Equal((target, detail), (target, explained.GetProperty("decision").TryGetProperty("detail", out var said) ? said.GetString() : null));
            var outcome = explained.GetProperty("decision").GetProperty("outcome").GetString();
            Assert.True(status.Contains("fwd=uri-miss", StringComparison.Ordinal) || status.Contains("fwd=vary-miss", StringComparison.Ordinal) ? outcome == "fill" : outcome is "forward" or "pass" or "write" or "hit", $"{target}: {outcome}, {status}");
        }
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task An_explanation_counts_nothing_and_asks_Redis_once(StoreKind kind)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(kind, api.Address);
        await proxy.AskRawAsync("/api/customers/1");
        // The end of a fill is counted when the store has replied, for which the client does not wait.
        await Eventually.TrueAsync(async () => (await MetricsAsync(proxy)).Contains("cacheproxy_request_duration_seconds_count{outcome=\"fill\",policy=\"customer\"} 1"));
        var counted = await MetricsAsync(proxy);
        await stores.Redis.SendAsync("CONFIG", "RESETSTAT");

        foreach (var method in (string[])["GET", "HEAD", "PUT"])
        {
            await ExplainAsync(proxy, "/api/customers/1", Tenant, "method:" + method);
        }

        var asked = await stores.Redis.TextAsync("INFO", "commandstats");
        Assert.Equal(counted, await MetricsAsync(proxy));
        Assert.Equal(kind == StoreKind.Redis, asked!.Contains("cmdstat_eval:calls=3,", StringComparison.Ordinal));
        Assert.DoesNotContain("cmdstat_hset", asked, StringComparison.Ordinal);
        Assert.Single(api.Requests);
    }

    [Fact]
    public async Task An_answer_that_is_not_stored_is_in_the_sample_and_in_the_explanation_of_the_next_request()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("Cache-Control", "no-store")));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskRawAsync("/api/customers/1?token=secret");
        await proxy.AskRawAsync("/api/customers/2", "");

        JsonElement[] reasons = [];
        await Eventually.TrueAsync(async () =>
        {
            reasons = [.. (await ReadAsync(proxy, "/refusals?policy=customer")).GetProperty("reasons").EnumerateArray()];
            return reasons.Length == 2;
        });

        var unstored = Assert.Single(reasons, static reason => reason.TryGetProperty("notStored", out var word) && word.GetString() == "no-store");
        var request = Assert.Single(unstored.GetProperty("requests").EnumerateArray());
        Assert.Equal(
            ("GET", "/api/customers/1?…", "demo", 200),
            (request.GetProperty("method").GetString(), request.GetProperty("path").GetString(), request.GetProperty("tenant").GetString(), request.GetProperty("status").GetInt32()));
        var forwarded = Assert.Single(reasons, static reason => reason.TryGetProperty("forwarded", out var word) && word.GetString() == "tenant-absent");
        Assert.Equal("/api/customers/2", forwarded.GetProperty("requests")[0].GetProperty("path").GetString());
        var lately = (await ExplainAsync(proxy, "/api/customers/1", Tenant)).GetProperty("lately")[0];
        Assert.Equal(("no-store", true), (lately.GetProperty("notStored").GetString(), lately.GetProperty("thisPath").GetBoolean()));
    }

    [Fact]
    public async Task Of_an_encrypted_entry_and_of_tags_that_were_evicted_the_state_is_shown()
    {
        await using var api = await StubApi.StartAsync(Answers.Body("{}", ("Content-Type", "application/json")));
        var keys = Path.GetTempFileName();
        await File.WriteAllTextAsync(keys, Convert.ToBase64String(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)), TestContext.Current.CancellationToken);
        await using var proxy = await stores.StartAsync(
            StoreKind.Redis, api.Address,
            ("CacheProxy:Policies:customer:Encrypt", "true"), ("CacheProxy:Encryption:KeyFiles", keys), ("CacheProxy:Policies:customer:Tags", "plan:gold"));
        await proxy.AskRawAsync("/api/customers/1");
        await Eventually.TrueAsync(async () => await StateAsync(proxy) == "usable in force");

        var explained = await ExplainAsync(proxy, "/api/customers/1", Tenant);
        await stores.Redis.SendAsync("DEL", "tag|demo|plan:gold");

        var variant = explained.GetProperty("resource").GetProperty("stored").GetProperty("variants")[0];
        Assert.Equal((true, 2), (variant.GetProperty("sealed").GetBoolean(), variant.GetProperty("bytes").GetInt32()));
        Assert.Equal("hit", explained.GetProperty("decision").GetProperty("outcome").GetString());
        Assert.Equal("usable evicted since", await StateAsync(proxy));
        Assert.Equal("fill", await OutcomeAsync(proxy, "/api/customers/1", Tenant));
        File.Delete(keys);
    }

    [Fact]
    public async Task What_arrives_on_the_proxys_port_is_not_explained()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.Equal("1", (await proxy.AskRawAsync("/explain?url=http://api.test/")).Content);
    }

    private static async Task<string?> StateAsync(ProxyUnderTest proxy)
    {
        var stored = (await ReadAsync(proxy, "/entries?policy=customer&key=demo:customer:1")).GetProperty("stored");
        return stored.TryGetProperty("variants", out var variants) && variants.GetArrayLength() == 1
            ? $"{variants[0].GetProperty("state").GetString()} {variants[0].GetProperty("tags")[0].GetProperty("state").GetString()}"
            : null;
    }

    private static async Task<string?> OutcomeAsync(ProxyUnderTest proxy, string target, params string[] headers) =>
        (await ExplainAsync(proxy, target, headers)).GetProperty("decision").GetProperty("outcome").GetString();

    private static Task<JsonElement> ExplainAsync(ProxyUnderTest proxy, string target, params string[] headers)
    {
        var described = headers.Append($"Host: {Host}").Select(static line =>
            line.StartsWith("method:", StringComparison.Ordinal) ? $"&method={line[7..]}" : $"&header={Uri.EscapeDataString(line)}");
        return ReadAsync(proxy, $"/explain?format=json&url={Uri.EscapeDataString(target)}{string.Concat(described)}");
    }

    private static async Task<JsonElement> ReadAsync(ProxyUnderTest proxy, string path)
    {
        var answer = await proxy.Client.GetStringAsync(new Uri(proxy.Management, path), TestContext.Current.CancellationToken);
        return JsonDocument.Parse(answer).RootElement.Clone();
    }

    /// <summary>All that is counted; how much memory there is changes by itself.</summary>
    private static async Task<string[]> MetricsAsync(ProxyUnderTest proxy) =>
    [
        .. (await proxy.Client.GetStringAsync(new Uri(proxy.Management, "/metrics"), TestContext.Current.CancellationToken)).Split('\n')
            .Where(static line => line.StartsWith("cacheproxy_", StringComparison.Ordinal) && line.Split('{', ' ')[0] is var name
                && (name.EndsWith("_total", StringComparison.Ordinal) || name.EndsWith("_count", StringComparison.Ordinal))),
    ];
}
