using System.Text.Json;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Management.Explaining;
using CacheProxy.Store;
using CacheProxy.Tests.Identity.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Management.Explaining;

/// <summary>Each word of <c>detail</c>, <c>result</c> and <c>shortfall</c>, explained.</summary>
public sealed class ExplainDetailTests(ExplainedProxyFixture fixture) : IClassFixture<ExplainedProxyFixture>
{
    private const string Host = "Host: demo.example.com";

    private static readonly string[] OfOtherRequests = ["leader-failed", "fill-under-way", "contended"];
    private static readonly string[] OfOtherAnswers = ["fill-limit", "stale-if-error", "eviction-outstanding"];
    private static readonly string[] InItsOwnTest =
    [
        "shadow", "token-absent", "token-expired", "token-unverifiable", "token-unchecked", "keys-unavailable", "claim-missing", "write-under-way",
        "eviction-pending", "store-unavailable", "memory-full",
    ];

    private ExplainedProxy Proxy => fixture.Proxy;

    public static TheoryData<string, string> Forwarded => new()
    {
        { "policy-off", $"GET /api/off/1\n{Host}" },
        { "shadow", $"HEAD /api/shadow/1\n{Host}" },
        { "method", $"OPTIONS /api/customers/1\n{Host}" },
        { "method-override", $"GET /api/customers/1\n{Host}\nX-HTTP-Method-Override: GET" },
        { "target-override", $"GET /api/customers/1\n{Host}\nX-Original-URL: /" },
        { "header-name", $"GET /api/customers/1\n{Host}\nX_Api_Key: 1" },
        { "request-body", $"GET /api/customers/1\n{Host}\nContent-Length: 1" },
        { "request-body", $"QUERY /api/asked/1\n{Host}\nContent-Length: 1\nExpect: 100-continue" },
        { "upgrade", $"GET /api/customers/1\n{Host}\nUpgrade: websocket" },
        { "path", $"GET /api/customers/1;x\n{Host}" },
        { "path", $"GET /api/customers/2/../1\n{Host}" },
        { "tenant-absent", "GET http://localhost/api/customers/1" },
        { "tenant-malformed", "GET http://localhost/api/customers/1\nX-Tenant-Subdomain: a_b" },
        { "tenant-contradictory", $"GET /api/customers/1\n{Host}\nX-Tenant-Subdomain: acme" },
        { "tenant-off", "GET /api/customers/1\nHost: closed.example.com" },
        { "key", $"GET /api/customers/a:b\n{Host}" },
        { "excepted-id", $"GET /api/customers/me\n{Host}" },
        { "credentials", $"GET /api/bypass/1\n{Host}\nCookie: a" },
        { "token-absent", $"GET /api/claims/1\n{Host}" },
        { "token-unverifiable", $"GET /api/claims/1\n{Host}\nAuthorization: Bearer opaque" },
        { "request-no-store", $"GET /api/customers/1\n{Host}\nCache-Control: no-store" },
        { "precondition", $"GET /api/customers/1\n{Host}\nIf-Match: \"a\"" },
        { "range", $"GET /api/customers/1\n{Host}\nRange: bytes=0-1" },
        { "head", $"HEAD /api/customers/1\n{Host}" },
        { "only-if-cached", $"GET /api/customers/1\n{Host}\nCache-Control: only-if-cached" },
    };

    public static TheoryData<string> Words =>
    [
        .. Http.Words.OfDetail(), "revoked", "unavailable", "incomplete",
    ];

    [Theory]
    [MemberData(nameof(Forwarded))]
    public async Task A_request_that_is_forwarded_or_refused_is_explained_with_its_word_and_where_it_is_documented(string word, string request)
    {
        var explained = await Proxy.ExplainAsync(request.Split('\n'));

        AssertWord(word, explained);
    }

    [Fact]
    public void Each_word_that_can_be_told_beforehand_has_a_test() => Assert.Equal(
        Http.Words.OfDetail().Except(Enum.GetValues<StorageDecision>().Skip(1).Select(StorageRules.ToToken)).Where(static word => ReasonText.OfForward(word).Text.Length > 0)
            .Append("request-no-store").Append("method").Distinct().Order(),
        Forwarded.Select(static row => row.Data.Item1).Concat(InItsOwnTest).Concat(OfOtherRequests).Concat(OfOtherAnswers).Distinct().Order());

    [Fact]
    public async Task A_token_is_explained_by_its_claims()
    {
        var issuer = TokenIssuer.Rsa();
        var now = DateTimeOffset.UtcNow;
        string[] Asking(string token) => ["GET /api/claims/1", Host, $"Authorization: Bearer {token}"];

        AssertWord("token-expired", await Proxy.ExplainAsync(Asking(issuer.Sign(TokenIssuer.Payload(now, ("exp", now.AddHours(-1).ToUnixTimeSeconds()), ("nbf", null))))));
        AssertWord("claim-missing", await Proxy.ExplainAsync(Asking(issuer.Sign(TokenIssuer.Payload(now, ("role", null))))));
        var other = await Proxy.ExplainAsync(Asking(issuer.Sign(TokenIssuer.Payload(now, ("iss", "https://other.test")))));
        AssertWord("token-unverifiable", other);
        Assert.Equal("issuer", other.GetProperty("token").GetProperty("verdict").GetString());
        var good = await Proxy.ExplainAsync(Asking(issuer.Sign(TokenIssuer.Payload(now))));
        Assert.Equal("fill", Outcome(good));
        Assert.Contains("claims", Parts(good));
    }

    [Fact]
    public async Task More_new_tokens_than_are_verified_are_explained_so()
    {
        // A clock that stands still gives no second more.
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var proxy = await ExplainedProxy.StartAsync(time: time);
        var token = TokenIssuer.Rsa().Sign(TokenIssuer.Payload(time.GetUtcNow()));
        var verifier = proxy.Get<CacheProxy.Configuration.ConfigurationReloader>().Current.Rules.Tokens!;
        var verdict = TokenVerdict.Verified;
        for (var i = 0; verdict != TokenVerdict.Unchecked; i++)
        {
            Assert.True(i < 100_000, "Every signature was checked.");
            // Each has a signature of its own, which is wrong.
            verdict = verifier.Judge(new HeaderDictionary { ["Authorization"] = $"Bearer {token[..token.LastIndexOf('.')]}.{i:D8}AAAA" }, out _);
        }

        AssertWord("token-unchecked", await proxy.ExplainAsync("GET /api/claims/1", Host, $"Authorization: Bearer {token}"));
    }

    [Fact]
    public async Task Without_the_issuers_keys_and_without_Redis_that_is_said()
    {
        await using var proxy = await ExplainedProxy.StartAsync("127.0.0.1:1", withKeys: false);

        AssertWord("keys-unavailable", await proxy.ExplainAsync("GET /api/claims/1", Host, "Authorization: Bearer a.b.c"));
        AssertWord("store-unavailable", await proxy.ExplainAsync("GET /api/customers/1", Host));
    }

    [Fact]
    public async Task What_is_stored_fenced_pending_or_too_large_for_the_memory_decides()
    {
        await Proxy.StoreAsync("demo:shadow:2", "demo.example.com /api/shadow/2");
        await Proxy.Store.BeginWriteAsync(new ResourceKey("demo:customer:2"), "w", TimeSpan.FromMinutes(1), new StoreTimeoutBudget(TimeSpan.FromSeconds(1)));
        Proxy.Get<PendingEvictions>().BeginUnfenced(new ResourceKey("demo:customer:3"));
        await Proxy.StoreAsync("demo:customer:4", "demo.example.com /api/customers/4", HeldBodies.UncountedBytes + 1);

        AssertWord("shadow", await Proxy.ExplainAsync("GET /api/shadow/2", Host));
        AssertWord("write-under-way", await Proxy.ExplainAsync("GET /api/customers/2", Host));
        AssertWord("eviction-pending", await Proxy.ExplainAsync("GET /api/customers/3", Host));
        Assert.Equal("hit", Outcome(await Proxy.ExplainAsync("GET /api/customers/4", Host)));
        var room = 67_108_864 - Proxy.Get<HeldBodies>().Bytes;
        Assert.True(Proxy.Get<HeldBodies>().TryTake(room));
        AssertWord("memory-full", await Proxy.ExplainAsync("GET /api/customers/4", Host));
        Proxy.Get<HeldBodies>().GiveBack(room);
    }

    [Theory]
    [MemberData(nameof(Words))]
    public async Task Why_the_last_request_to_the_path_was_not_cached_is_said_with_the_word_and_where_it_is_documented(string word)
    {
        var kind = OfOtherRequests.Contains(word) ? RefusalKind.Forwarded : RefusalKind.NotStored;
        var context = new DefaultHttpContext { Request = { Method = "GET", Path = $"/api/customers/of-{word}" } };
        var policy = Proxy.Get<CacheProxy.Configuration.ConfigurationReloader>().Current.Policies.Find("customer")!;
        Proxy.Get<RefusalSamples>().Of(policy)!.Take(kind, word, context, "demo", 200);

        var explained = await Proxy.ExplainAsync($"GET /api/customers/of-{word}", Host);

        var last = explained.GetProperty("lately")[0];
        Assert.Equal(kind == RefusalKind.NotStored, explained.GetProperty("summary").GetString()!.Contains($"({word})", StringComparison.Ordinal));
        Assert.Equal((true, 200), (last.GetProperty("thisPath").GetBoolean(), last.GetProperty("status").GetInt32()));
        Assert.Equal(word, last.GetProperty(kind == RefusalKind.Forwarded ? "forwarded" : "notStored").GetString());
        Assert.NotEqual("", last.GetProperty("because").GetString());
        Assert.EndsWith($"-{word}", last.GetProperty("see").GetString(), StringComparison.Ordinal);
    }

    private static void AssertWord(string word, JsonElement explained)
    {
        var decision = explained.GetProperty("decision");
        Assert.Contains(Outcome(explained), (string[])["forward", "refuse"]);
        Assert.Equal(word, decision.GetProperty("detail").GetString());
        Assert.EndsWith($"#detail-{word}", decision.GetProperty("see").GetString(), StringComparison.Ordinal);
        Assert.Contains(word, explained.GetProperty("summary").GetString(), StringComparison.Ordinal);
    }

    private static string Outcome(JsonElement explained) => explained.GetProperty("decision").GetProperty("outcome").GetString()!;

    private static IEnumerable<string?> Parts(JsonElement explained) =>
        explained.GetProperty("resource").GetProperty("variantParts").EnumerateArray().Select(static part => part.GetProperty("part").GetString());
}
