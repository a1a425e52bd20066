using System.Text;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Tests.House;
using CacheProxy.Tests.Identity.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Identity;

/// <summary><c>Credentials: Claims</c>: who shares an answer, and who never gets one that was left by others.</summary>
public sealed class ClaimsTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Callers_whose_tokens_say_the_same_share_an_answer_and_others_do_not(StoreKind store)
    {
        await using var scene = await StartAsync(store);
        Assert.Contains("; stored", (await scene.AskAsync(scene.Token(("sub", "anna")))).CacheStatus, StringComparison.Ordinal);

        // Another person, a later token of the same one, and the same scopes in another order.
        Assert.True((await scene.AskAsync(scene.Token(("sub", "bert")))).IsHit);
        Assert.True((await scene.AskAsync(scene.Token(("jti", "2")))).IsHit);
        Assert.True((await scene.AskAsync(scene.Token(("scope", "pets.read customers.read")))).IsHit);

        Assert.False((await scene.AskAsync(scene.Token(("role", "admin")))).IsHit);
        Assert.False((await scene.AskAsync(scene.Token(("scope", "customers.read")))).IsHit);
        Assert.False((await scene.AskAsync(scene.Token(("tenant", "acme")))).IsHit);
        Assert.True((await scene.AskAsync(scene.Token(("sub", "carl"), ("role", "admin")))).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_evicts_what_they_share(StoreKind store)
    {
        await using var scene = await StartAsync(store);
        await scene.AskAsync(scene.Token());
        await scene.AskAsync(scene.Token(("role", "admin")));

        await scene.Proxy.AskAsync(HttpMethod.Put, ClaimsScene.Customer, ("Authorization", $"Bearer {scene.Token(("role", "admin"))}"));

        Assert.Equal("4", (await scene.AskAsync(scene.Token(("sub", "bert")))).Text);
        Assert.Equal("5", (await scene.AskAsync(scene.Token(("role", "admin")))).Text);
    }

    [Theory]
    [InlineData("none", "token-unverifiable")]
    [InlineData("HS256 with the public key", "token-unverifiable")]
    [InlineData("wrong key", "token-unverifiable")]
    [InlineData("unknown key", "token-unverifiable")]
    [InlineData("wrong issuer", "token-unverifiable")]
    [InlineData("wrong audience", "token-unverifiable")]
    [InlineData("not yet valid", "token-unverifiable")]
    [InlineData("expired", "token-expired")]
    [InlineData("opaque", "token-unverifiable")]
    [InlineData("a claim is missing", "claim-missing")]
    [InlineData("a claim is an object", "claim-missing")]
    [InlineData("absent", "token-absent")]
    [InlineData("twice", "token-unverifiable")]
    public async Task A_token_that_nobody_vouches_for_gets_nothing_and_leaves_nothing(string token, string detail)
    {
        await using var scene = await ClaimsScene.StartAsync();
        await scene.AskAsync(scene.Token());
        var lines = string.Concat(Tokens(scene, token).Select(static one => $"Authorization: Bearer {one}\r\n"));

        var answer = await scene.Proxy.AskRawAsync(ClaimsScene.Customer, $"X-Tenant-Subdomain: demo\r\n{lines}");

        Assert.Equal("2", answer.Content);
        Assert.Contains($"fwd=bypass; fwd-status=200; detail={detail}", answer.Head, StringComparison.Ordinal);
        Assert.Equal("1", (await scene.AskAsync(scene.Token())).Text);
        Assert.Equal("3", (await scene.Proxy.AskRawAsync(ClaimsScene.Customer, $"X-Tenant-Subdomain: demo\r\n{lines}")).Content);
    }

    private static string[] Tokens(ClaimsScene scene, string kind) => kind switch
    {
        "none" => [scene.Issuer.Forge(TokenIssuer.Payload(scene.Now, ("scope", "customers.read pets.read")), "none")],
        "HS256 with the public key" => [scene.Issuer.Forge(TokenIssuer.Payload(scene.Now, ("scope", "customers.read pets.read")), "HS256")],
        "wrong key" => [TokenIssuer.Rsa(other: true).Sign(TokenIssuer.Payload(scene.Now, ("scope", "customers.read pets.read")))],
        "unknown key" => [TokenIssuer.Curve().Sign(TokenIssuer.Payload(scene.Now, ("scope", "customers.read pets.read")))],
        "wrong issuer" => [scene.Token(("iss", "https://other.test"))],
        "wrong audience" => [scene.Token(("aud", "other-api"))],
        "not yet valid" => [scene.Token(("nbf", scene.Now.AddMinutes(1).ToUnixTimeSeconds()))],
        "expired" => [scene.Token(("exp", scene.Now.ToUnixTimeSeconds() - 1))],
        "opaque" => ["opaque"],
        "a claim is missing" => [scene.Token(("role", null))],
        "a claim is an object" => [scene.Token(("role", new JsonObject()))],
        "twice" => [scene.Token(), scene.Token()],
        _ => [],
    };

    [Fact]
    public async Task A_token_gets_nothing_from_the_moment_at_which_it_expires()
    {
        var time = new FakeTimeProvider(Noon);
        await using var scene = await ClaimsScene.StartAsync(time: time, settings: ("CacheProxy:Policies:customer:Ttl", "1h"));
        var token = scene.Token();
        await scene.AskAsync(token);

        time.Advance(TimeSpan.FromMinutes(15) - TimeSpan.FromSeconds(1));
        Assert.True((await scene.AskAsync(token)).IsHit);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Contains("detail=token-expired", (await scene.AskAsync(token)).CacheStatus, StringComparison.Ordinal);
        Assert.True((await scene.AskAsync(scene.Token())).IsHit);
    }

    [Fact]
    public async Task A_revoked_token_still_gets_what_others_share_until_it_expires()
    {
        var time = new FakeTimeProvider(Noon);
        await using var scene = await ClaimsScene.StartAsync(time: time);
        var (revoked, other) = (scene.Token(("sub", "anna")), scene.Token(("sub", "bert"), ("exp", Noon.AddHours(1).ToUnixTimeSeconds())));
        var handler = scene.Api.Handler;
        scene.Api.Handler = context =>
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return context.Request.Headers.Authorization == $"Bearer {revoked}" ? Task.CompletedTask : handler(context);
        };

        Assert.Equal(401, (await scene.AskAsync(revoked)).Status);
        for (var minute = 0; minute < 15; minute += 3)
        {
            // The entry lives for five minutes, and is there again as soon as somebody else has asked.
            await scene.AskAsync(other);
            Assert.True((await scene.AskAsync(revoked)).IsHit);
            time.Advance(TimeSpan.FromMinutes(3));
        }

        Assert.Equal(401, (await scene.AskAsync(revoked)).Status);
    }

    [Fact]
    public async Task Who_may_have_whose_answer_under_Claims_is_what_the_documentation_says()
    {
        await using var scene = await ClaimsScene.StartAsync();
        string Bearer(string token) => $"X-Tenant-Subdomain: demo\r\nAuthorization: Bearer {token}\r\n";
        (string Name, string Lines)[] callers =
        [
            ("nobody", "X-Tenant-Subdomain: demo\r\n"),
            ("anna", Bearer(scene.Token(("sub", "anna")))),
            ("anna, next token", Bearer(scene.Token(("sub", "anna"), ("jti", "2")))),
            ("bert", Bearer(scene.Token(("sub", "bert")))),
            ("bert with a cookie", Bearer(scene.Token(("sub", "bert"))) + "Cookie: session=b\r\n"),
            ("the boss", Bearer(scene.Token(("sub", "boss"), ("role", "boss")))),
            ("anna without scope", Bearer(scene.Token(("sub", "anna"), ("scope", null)))),
            ("anna, expired", Bearer(scene.Token(("sub", "anna"), ("exp", scene.Now.ToUnixTimeSeconds() - 1)))),
            ("anna, forged", Bearer(TokenIssuer.Rsa(other: true).Sign(TokenIssuer.Payload(scene.Now, ("scope", "customers.read pets.read"))))),
            ("opaque token", Bearer("opaque")),
        ];
        var table = new StringBuilder($"| first \\ second | {string.Join(" | ", callers.Select(static caller => caller.Name))} |\n");
        table.Append(string.Concat(Enumerable.Repeat("| --- ", callers.Length + 1))).Append("|\n");
        foreach (var first in callers)
        {
            table.Append("| ").Append(first.Name).Append(" |");
            foreach (var second in callers)
            {
                var customer = $"/api/customers/c{Array.IndexOf(callers, first)}-{Array.IndexOf(callers, second)}";
                await scene.Proxy.AskRawAsync(customer, first.Lines);
                await scene.Proxy.AskRawAsync(customer, second.Lines);
                table.Append(scene.Api.Count($"GET {customer}") == 1 ? " yes |" : " no |");
            }

            table.Append('\n');
        }

        Assert.Contains(table.ToString(), await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "security.md"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Other_credentials_beside_the_token_still_tell_callers_apart()
    {
        await using var scene = await ClaimsScene.StartAsync();
        await scene.AskAsync(scene.Token(), ("Cookie", "session=a"));

        Assert.True((await scene.AskAsync(scene.Token(("sub", "bert")), ("Cookie", "session=a"))).IsHit);
        Assert.False((await scene.AskAsync(scene.Token(), ("Cookie", "session=b"))).IsHit);
        Assert.False((await scene.AskAsync(scene.Token(), ("X-Api-Key", "a"))).IsHit);
        Assert.False((await scene.AskAsync(scene.Token())).IsHit);
    }

    [Theory]
    [InlineData("private")]
    [InlineData("no-store")]
    public async Task What_the_API_keeps_for_one_caller_is_not_shared(string cacheControl)
    {
        await using var scene = await ClaimsScene.StartAsync();
        scene.Api.Handler = context =>
        {
            context.Response.Headers.CacheControl = cacheControl;
            return context.Response.WriteAsync("customer");
        };
        await scene.AskAsync(scene.Token());

        Assert.Contains($"detail={cacheControl}", (await scene.AskAsync(scene.Token())).CacheStatus, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_caller_evicts_nothing_that_others_share()
    {
        await using var scene = await ClaimsScene.StartAsync();
        await scene.AskAsync(scene.Token());
        var handler = scene.Api.Handler;
        scene.Api.Handler = static context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.CompletedTask;
        };

        Assert.Equal(403, (await scene.AskAsync(scene.Token(("sub", "revoked")), ("Cache-Control", "no-cache"))).Status);
        scene.Api.Handler = handler;

        Assert.True((await scene.AskAsync(scene.Token())).IsHit);
    }

    private async Task<ClaimsScene> StartAsync(StoreKind store)
    {
        if (store == StoreKind.Redis)
        {
            await stores.Redis.SendAsync("FLUSHALL");
        }

        return await ClaimsScene.StartAsync(redis: store == StoreKind.Redis ? stores.Redis.ConnectionString : "");
    }
}
