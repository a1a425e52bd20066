using System.Diagnostics.Metrics;
using CacheProxy.Identity.Tokens;
using CacheProxy.Tests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace CacheProxy.Tests.Identity.Tokens;

/// <summary>A verifier whose issuer publishes what a test says, at a time that the test makes.</summary>
internal sealed class IssuedTokens : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly IssuerKeys _keys;
    private int _fetches;

    private IssuedTokens(TokenOptions options, byte[]? jwks, ClaimSelection[] selections)
    {
        Published = jwks;
        Time.SetUtcNow(Start);
        Metrics = new TokenMetrics(Meters);
        Verifier = new TokenVerifier(options, [.. selections], ["tenant"]);
        _keys = new IssuerKeys(options, Fetch, "a test", Metrics, Time, NullLogger.Instance);
        Metrics.Begin(_keys);
        Verifier.Begin(_keys, Metrics, Time);
    }

    public static TokenOptions Options { get; } = new() { Issuer = TokenIssuer.Name, Audience = [TokenIssuer.Audience], Keys = "keys.json" };

    public static DateTimeOffset Start { get; } = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    public SleeperTimeProvider Time { get; } = new();

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public TokenMetrics Metrics { get; }

    public TokenVerifier Verifier { get; }

    /// <summary>What the issuer answers from now on; <c>null</c>: nothing.</summary>
    public byte[]? Published { get; set; }

    /// <summary>How often it was asked.</summary>
    public int Fetches => Volatile.Read(ref _fetches);

    public DateTimeOffset Now => Time.GetUtcNow();

    public static async Task<IssuedTokens> StartAsync(byte[]? jwks, TokenOptions? options = null, params ClaimSelection[] selections)
    {
        var tokens = new IssuedTokens(options ?? Options, jwks, selections);
        await tokens._keys.StartAsync();
        return tokens;
    }

    public TokenVerdict Judge(string token) => Judge([$"Bearer {token}"], out _);

    public TokenVerdict Judge(string[] authorization, out VerifiedToken? verified)
    {
        var headers = new HeaderDictionary();
        if (authorization.Length > 0)
        {
            headers["Authorization"] = authorization;
        }

        return Verifier.Judge(headers, out verified);
    }

    /// <summary>Lets time pass until the issuer has been asked so often, and its answer has been taken.</summary>
    public Task UntilFetchedAsync(int fetches) => Eventually.TrueAsync(() =>
    {
        if (Time.NextDue is { } due && Fetches < fetches)
        {
            Time.Advance(due);
        }

        return Fetches >= fetches && Time.NextDue is not null;
    });

    public async ValueTask DisposeAsync()
    {
        await _keys.DisposeAsync();
        await _services.DisposeAsync();
    }

    private Task<byte[]> Fetch(CancellationToken stop)
    {
        Interlocked.Increment(ref _fetches);
        return Published is { } jwks ? Task.FromResult(jwks) : Task.FromException<byte[]>(new HttpRequestException("Nobody there."));
    }
}
