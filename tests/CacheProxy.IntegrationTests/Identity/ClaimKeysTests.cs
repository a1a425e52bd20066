using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using CacheProxy.Tests.Identity.Tokens;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.Identity;

/// <summary>Where the keys of tokens come from while the program runs, and what happens while they do not.</summary>
public sealed class ClaimKeysTests
{
    private const string Unavailable = "detail=keys-unavailable";

    [Fact]
    public async Task Without_keys_requests_are_forwarded_at_once_and_shared_as_soon_as_the_keys_are_there()
    {
        byte[]? jwks = null;
        await using var issuer = await StubApi.StartAsync(context => AnswerAsync(context, Volatile.Read(ref jwks)));
        await using var scene = await ClaimsScene.StartAsync($"{issuer.Address}keys?secret=1");
        await Eventually.TrueAsync(() => issuer.Requests.Count > 0);
        Assert.Contains(Unavailable, (await scene.AskAsync(scene.Token())).CacheStatus, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => scene.Proxy.Log.Messages.Any(static message => message.StartsWith("There are no token keys from", StringComparison.Ordinal)));

        Volatile.Write(ref jwks, TokenIssuer.Jwks(scene.Issuer));
        await Eventually.TrueAsync(async () => (await scene.AskAsync(scene.Token())).CacheStatus.Contains("; stored", StringComparison.Ordinal));

        Assert.True((await scene.AskAsync(scene.Token(("sub", "bert")))).IsHit);
        Assert.All(issuer.Requests, static request => Assert.Equal("GET /keys?secret=1", request));
        Assert.DoesNotContain(scene.Proxy.Log.Messages, static message => message.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_issuer_that_never_answers_delays_no_request()
    {
        var answers = new Gate();
        await using var issuer = await StubApi.StartAsync(_ => answers.PassAsync());
        await using var scene = await ClaimsScene.StartAsync($"{issuer.Address}keys");
        await answers.ReachedAsync();

        Assert.Contains(Unavailable, (await scene.AskAsync(scene.Token())).CacheStatus, StringComparison.Ordinal);
        answers.Open();
    }

    [Fact]
    public async Task Keys_are_followed_while_the_program_runs()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 28, 12, 0, 0, TimeSpan.Zero));
        var next = TokenIssuer.Curve("next");
        byte[]? jwks = TokenIssuer.Jwks(TokenIssuer.Rsa());
        await using var issuer = await StubApi.StartAsync(context => AnswerAsync(context, Volatile.Read(ref jwks)));
        await using var scene = await ClaimsScene.StartAsync($"{issuer.Address}keys", time: time);
        string Next() => next.Sign(TokenIssuer.Payload(scene.Now, ("scope", "customers.read pets.read")));
        await Eventually.TrueAsync(async () => (await scene.AskAsync(scene.Token())).IsHit);

        // Added: a token that names it is forwarded, and brings the fetch forward.
        Volatile.Write(ref jwks, TokenIssuer.Jwks(scene.Issuer, next));
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return (await scene.AskAsync(Next())).IsHit;
        });

        // Withdrawn: what it has signed counts no more.
        Volatile.Write(ref jwks, TokenIssuer.Jwks(next));
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return (await scene.AskAsync(scene.Token())).CacheStatus.Contains("token-unverifiable", StringComparison.Ordinal);
        });
        Assert.True((await scene.AskAsync(Next())).IsHit || (await scene.AskAsync(Next())).IsHit);

        // Gone: the last ones count for an hour.
        Volatile.Write(ref jwks, null);
        time.Advance(TimeSpan.FromMinutes(50));
        Assert.DoesNotContain(Unavailable, (await scene.AskAsync(Next())).CacheStatus, StringComparison.Ordinal);
        time.Advance(TimeSpan.FromMinutes(10));
        Assert.Contains(Unavailable, (await scene.AskAsync(Next())).CacheStatus, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("too large")]
    [InlineData("a redirect")]
    [InlineData("not found")]
    [InlineData("no key")]
    public async Task What_is_no_set_of_keys_is_none(string answer)
    {
        await using var issuer = await StubApi.StartAsync(context =>
        {
            switch (answer)
            {
                case "too large":
                    return context.Response.Body.WriteAsync((byte[])[.. TokenIssuer.Jwks(TokenIssuer.Rsa()), .. new byte[256 * 1024]]).AsTask();
                case "a redirect" when context.Request.Path == "/keys":
                    context.Response.Redirect("/other");
                    return Task.CompletedTask;
                case "a redirect":
                    return AnswerAsync(context, TokenIssuer.Jwks(TokenIssuer.Rsa()));
                case "not found":
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return context.Response.Body.WriteAsync(TokenIssuer.Jwks(TokenIssuer.Rsa())).AsTask();
                default:
                    return context.Response.WriteAsync("{\"keys\":[]}");
            }
        });
        await using var scene = await ClaimsScene.StartAsync($"{issuer.Address}keys");
        await Eventually.TrueAsync(() => scene.Proxy.Log.Messages.Any(static message => message.StartsWith("There are no token keys from", StringComparison.Ordinal)));

        Assert.Contains(Unavailable, (await scene.AskAsync(scene.Token())).CacheStatus, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reload_of_the_configuration_changes_issuer_and_keys()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        var now = DateTimeOffset.UtcNow;
        var (before, after) = (TokenIssuer.Rsa("before"), TokenIssuer.Rsa("after", other: true));
        await using var host = await RunningHost.StartAsync(
            api.Address, directory => Configure(directory, "before", before), arguments: [.. ClaimsScene.Settings("").Skip(3).Select(static pair => $"--{pair.Key}={pair.Value}")]);
        string Token(TokenIssuer issuer, string name) => issuer.Sign(TokenIssuer.Payload(now, ("iss", name), ("scope", "a")));
        Assert.Contains("; stored", await StatusAsync(host, Token(before, "before")), StringComparison.Ordinal);
        Assert.Contains("token-unverifiable", await StatusAsync(host, Token(after, "after")), StringComparison.Ordinal);

        Configure(host.Directory, "after", after);

        await Eventually.TrueAsync(async () => (await StatusAsync(host, Token(after, "after"))).Contains("; hit", StringComparison.Ordinal));
        Assert.Contains("token-unverifiable", await StatusAsync(host, Token(before, "before")), StringComparison.Ordinal);
    }

    private static void Configure(string directory, string name, TokenIssuer issuer)
    {
        var keys = Path.Combine(directory, $"{name}.json");
        File.WriteAllBytes(keys, TokenIssuer.Jwks(issuer));
        Directory.CreateDirectory(Path.Combine(directory, "config"));
        File.WriteAllText(
            Path.Combine(directory, "config", "appsettings.json"),
            $$"""{ "CacheProxy": { "Tokens": { "Issuer": "{{name}}", "Audience": "{{TokenIssuer.Audience}}", "Keys": "{{keys}}" } } }""");
    }

    private static async Task<string> StatusAsync(RunningHost host, string token)
    {
        var answer = await RawHttp.SendAsync(
            host.Proxy.Port,
            $"GET {ClaimsScene.Customer} HTTP/1.1\r\nHost: api\r\nX-Tenant-Subdomain: demo\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n");
        return answer.Head;
    }

    private static Task AnswerAsync(HttpContext context, byte[]? jwks)
    {
        context.Response.StatusCode = jwks is null ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK;
        return context.Response.Body.WriteAsync(jwks ?? []).AsTask();
    }
}
