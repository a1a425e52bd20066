using System.Globalization;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Samples;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>
/// The orders in which a pod's processes come and are told to end, as docs/operations.md has them. A native sidecar starts before the API and
/// ends after it; a classic container ends before the API. A write is under way each time: a part of its body has arrived.
/// </summary>
public sealed class PodStopTests : IAsyncLifetime
{
    private const string Key = "demo:customer:1";
    private const string Path = "/api/customers/1";
    private const string Body = """{"firstName":"Ada"}""";

    // Too large for the sidecar to wait for it before it begins the write.
    private static readonly string LargeBody = Body.PadRight(100_000);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cacheproxy-pod-");
    private RedisServer _redis = null!;
    private SampleApi _api = null!;
    private ProgramRun _sidecar = null!;
    private Uri _proxy = null!;
    private int _early;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        var api = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{RedisServer.FreePort()}/");
        _sidecar = ProgramRun.Start(new Dictionary<string, string>
        {
            ["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0",
            ["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0",
            ["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = api,
            ["CacheProxy__Redis__ConnectionString"] = _redis.ConnectionString,
            // A busy machine is no failure of Redis.
            ["CacheProxy__Redis__Timeout"] = "2s",
        });
        while (_proxy is null)
        {
            // Redis may be reported before the listeners are.
            _proxy = (string?)JsonNode.Parse(await _sidecar.ReadLineAsync())!["Proxy"] is { } address ? new Uri(address) : null!;
        }

        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = _proxy };
        _client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");
        using (var early = await _client.GetAsync(Path, TestContext.Current.CancellationToken))
        {
            _early = (int)early.StatusCode;
        }

        // It says of each request that it has it.
        string[] settings = ["--urls", api, "--Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics", "Information"];
        _api = await SampleApi.StartAsync(System.IO.Path.Combine(_folder.FullName, "customers.db"), settings);
        using var stored = await _client.GetAsync(Path, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => (await _redis.FieldsAsync(Key)).Length > 0);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _sidecar.Dispose();
        await _api.DisposeAsync();
        await _redis.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Native_the_sidecar_is_there_before_the_API_and_when_that_ends_its_last_write_to_pass_its_answer_on_and_evict()
    {
        await using var write = await BeginWriteAsync();

        await _api.Program.TerminateAsync();
        await Eventually.TrueAsync(() => RefusesAsync(_api.Client.BaseAddress!));
        using var late = await _client.GetAsync("/api/customers/2", TestContext.Current.CancellationToken);
        var answer = await EndAsync(write);

        Assert.Equal(502, _early);
        // Answered on a connection that the sidecar had kept, or refused.
        Assert.True((int)late.StatusCode is 200 or 502, $"{late.StatusCode}");
        Assert.Equal(200, answer.Status);
        Assert.Empty(await _redis.FieldsAsync(Key));
        Assert.Equal(0, await _api.Program.ExitCodeAsync(TestContext.Current.CancellationToken));
        await AssertStopsAsync();
    }

    [Fact]
    public async Task Classic_the_sidecar_takes_no_more_connections_and_ends_its_write_with_the_API_that_is_still_there()
    {
        await using var write = await BeginWriteAsync();

        await _sidecar.TerminateAsync();
        await Eventually.TrueAsync(() => RefusesAsync(_proxy));
        var answer = await EndAsync(write);

        Assert.Equal(200, answer.Status);
        Assert.Empty(await _redis.FieldsAsync(Key));
        await AssertStoppedAsync();
        Assert.Contains("Ada", (await _api.SendAsync("GET", Path)).Text, StringComparison.Ordinal);
        await _api.Program.TerminateAsync();
        Assert.Equal(0, await _api.Program.ExitCodeAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task An_eviction_that_Redis_could_not_take_is_taken_before_the_sidecar_ends()
    {
        _redis.Hang();
        using var write = await _client.PutAsync(
            Path, new StringContent(Body, new System.Net.Http.Headers.MediaTypeHeaderValue("application/json")), TestContext.Current.CancellationToken);
        await _api.Program.TerminateAsync();
        Assert.Equal(0, await _api.Program.ExitCodeAsync(TestContext.Current.CancellationToken));
        _redis.Release();

        Assert.Equal(200, (int)write.StatusCode);
        await AssertStopsAsync();
        Assert.Empty(await _redis.FieldsAsync(Key));
    }

    private static async Task<bool> RefusesAsync(Uri address)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
            return false;
        }
        catch (SocketException)
        {
            return true;
        }
    }

    private async Task<RawHttpConnection> BeginWriteAsync()
    {
        var connection = await RawHttpConnection.OpenAsync(_proxy.Port);
        await connection.WriteAsync(
            $"PUT {Path} HTTP/1.1\r\nHost: x\r\nX-Tenant-Subdomain: demo\r\nContent-Type: application/json\r\nContent-Length: {LargeBody.Length}\r\n\r\n{LargeBody[..5]}");
        await Eventually.TrueAsync(async () => (await _redis.FieldsAsync(Key)).Contains("fence"));
        // The fence is set before the sidecar asks the API. An API that is told to end before it is asked takes no write.
        await Eventually.TrueAsync(() => _api.Lines.Any(static line => line.Contains(" PUT ", StringComparison.Ordinal)));
        return connection;
    }

    private static async Task<RawHttpMessage> EndAsync(RawHttpConnection write)
    {
        await write.WriteAsync(LargeBody[5..]);
        return await write.ReadResponseAsync("PUT");
    }

    private async Task AssertStopsAsync()
    {
        await _sidecar.TerminateAsync();
        await AssertStoppedAsync();
    }

    // None of its evictions lost, or it would say so (event 2003).
    private async Task AssertStoppedAsync()
    {
        var (exitCode, output, errors) = await _sidecar.WaitAsync();
        Assert.True(exitCode == 0, errors);
        Assert.Contains("CacheProxy stopped", output, StringComparison.Ordinal);
        Assert.DoesNotContain("evictions pending", output, StringComparison.Ordinal);
    }
}
