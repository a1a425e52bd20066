using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>One customer behind a proxy. The API is a bare socket: reads are answered with the customer's version, writes as the test plays them.</summary>
internal sealed class WriteScene : IAsyncDisposable
{
    public const string Path = "/api/customers/1";
    public const string Key = "demo:customer:1";

    private int _version = 1;
    private RawUpstream? _api;

    /// <summary>A short deadline, so that what a lost write leaves behind is soon over.</summary>
    public static (string Key, string? Value) ShortDeadline { get; } = ("CacheProxy:Policies:customer:WriteDeadline", "00:00:02");

    public ProxyUnderTest Proxy { get; private set; } = null!;

    public RawUpstream Api => _api!;

    public string Version => Volatile.Read(ref _version).ToString(CultureInfo.InvariantCulture);

    /// <param name="write">Plays the API's part in each write.</param>
    /// <param name="redis">Connection string; empty for the in-memory store.</param>
    /// <param name="settings">What differs from the shipped configuration.</param>
    public static async Task<WriteScene> StartAsync(
        Func<WriteScene, RawUpstreamExchange, Task> write, string redis = "", params (string Key, string? Value)[] settings)
    {
        var scene = new WriteScene();
        scene._api = await RawUpstream.StartAsync(exchange => exchange.Request.Method == "GET"
            ? exchange.WriteAsync(Answer(scene.Version))
            : write(scene, exchange));
        scene.Proxy = await ProxyUnderTest.StartAsync(
            $"http://127.0.0.1:{scene._api.Port}/", [("CacheProxy:Redis:Timeout", "00:00:10"), .. settings], redis);
        await scene.ReadAsync();
        Assert.Contains("; hit", (await scene.ReadAsync()).CacheStatus, StringComparison.Ordinal);
        return scene;
    }

    public static string Answer(string body) => $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    /// <summary>A request's head, with the lines that it needs besides.</summary>
    public static string Head(string method, string lines = "") =>
        $"{method} {Path} HTTP/1.1\r\nHost: api.test\r\nX-Tenant-Subdomain: demo\r\n{lines}\r\n";

    /// <summary>The API changes the customer.</summary>
    public void Commit() => Interlocked.Increment(ref _version);

    public async Task<(string Body, string CacheStatus)> ReadAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.Host = "api.test";
        using var response = await Proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return (body, string.Join(", ", response.Headers.GetValues("Cache-Status")));
    }

    public Task<RawHttpConnection> ConnectAsync() => RawHttpConnection.OpenAsync(Proxy.Address.Port);

    public Task<RawHttpMessage> WriteAsync() =>
        RawHttp.SendAsync(Proxy.Address.Port, Head("PUT", "Content-Length: 2\r\nConnection: close\r\n") + "{}");

    /// <summary>A write is under way, or nobody knows what came of it: the API answers, and what is stored is not used.</summary>
    public async Task IsFencedAsync()
    {
        var (body, status) = await ReadAsync();
        Assert.Equal(Version, body);
        Assert.Contains("write-under-way", status, StringComparison.Ordinal);
    }

    /// <summary>Nothing is stored any more, and nothing stands in the way of storing again.</summary>
    public async Task IsEvictedAsync()
    {
        var (body, status) = await ReadAsync();
        Assert.Equal(Version, body);
        Assert.Contains("; stored", status, StringComparison.Ordinal);
        Assert.Contains("; hit", (await ReadAsync()).CacheStatus, StringComparison.Ordinal);
    }

    /// <summary>Until it is served from the cache again, and all the while as the API has it.</summary>
    public Task IsServedAgainAsync() => Eventually.TrueAsync(async () =>
    {
        var (body, status) = await ReadAsync();
        Assert.Equal(Version, body);
        return status.Contains("; hit", StringComparison.Ordinal);
    });

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await _api!.DisposeAsync();
    }
}
