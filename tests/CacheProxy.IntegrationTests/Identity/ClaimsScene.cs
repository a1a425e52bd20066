using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Tests.Identity.Tokens;

namespace CacheProxy.IntegrationTests.Identity;

/// <summary>The product with callers who share by the claims <c>tenant</c>, <c>role</c> and <c>scope</c>, in front of an API that counts its answers.</summary>
internal sealed class ClaimsScene : IAsyncDisposable
{
    public const string Customer = "/api/customers/1";

    private readonly TimeProvider _time;
    private readonly string? _file;

    private ClaimsScene(ProxyUnderTest proxy, StubApi api, TimeProvider time, string? file) => (Proxy, Api, _time, _file) = (proxy, api, time, file);

    public ProxyUnderTest Proxy { get; }

    public StubApi Api { get; }

    public TokenIssuer Issuer { get; } = TokenIssuer.Rsa();

    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>What is configured for tokens, with keys from somewhere.</summary>
    public static (string Key, string? Value)[] Settings(string keys) =>
    [
        ("CacheProxy:Tokens:Issuer", TokenIssuer.Name),
        ("CacheProxy:Tokens:Audience", TokenIssuer.Audience),
        ("CacheProxy:Tokens:Keys", keys),
        ("CacheProxy:Policies:customer:Credentials", "Claims"),
        ("CacheProxy:Policies:customer:Claims", "tenant, role, scope"),
    ];

    /// <param name="keys">Where the keys are; a file with those of <see cref="Issuer"/> when absent.</param>
    /// <param name="redis">Connection string; empty for the in-memory store.</param>
    /// <param name="time">The clock; the system's when absent.</param>
    /// <param name="settings">What else is configured.</param>
    public static async Task<ClaimsScene> StartAsync(
        string? keys = null, string redis = "", TimeProvider? time = null, params (string Key, string? Value)[] settings)
    {
        var api = await StubApi.StartAsync(Answers.Numbered());
        string? file = null;
        if (keys is null)
        {
            file = Path.GetTempFileName();
            await File.WriteAllBytesAsync(file, TokenIssuer.Jwks(TokenIssuer.Rsa()));
        }

        var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10"), .. Settings(keys ?? file!), .. settings], redis, time);
        return new ClaimsScene(proxy, api, time ?? TimeProvider.System, file);
    }

    /// <summary>A token of a member of staff of tenant <c>demo</c>, but for what is changed.</summary>
    public string Token(params (string Name, JsonNode? Value)[] changes) =>
        Issuer.Sign(TokenIssuer.Payload(Now, [("scope", "customers.read pets.read"), .. changes]));

    /// <summary>Reads the customer with this token.</summary>
    public Task<ClientAnswer> AskAsync(string token, params (string Name, string Value)[] headers) =>
        Proxy.AskAsync(Customer, [("Authorization", $"Bearer {token}"), .. headers]);

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Api.DisposeAsync();
        if (_file is not null)
        {
            File.Delete(_file);
        }
    }
}
