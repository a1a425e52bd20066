using CacheProxy.Hosting;
using CacheProxy.IntegrationTests.Host;
using CacheProxy.Store;
using CacheProxy.Tests.Harness;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>
/// The complete product in this process, or as <see cref="ProxyProcess"/>, on free ports, in front of one API, with what is shipped for
/// single customers. A test states only what differs.
/// </summary>
internal sealed class ProxyUnderTest : IAsyncDisposable
{
    /// <summary>What changes on the management listener need.</summary>
    public const string Token = "token-of-the-tests";

    private readonly WebApplication? _app;
    private readonly ProxyProcess? _process;
    private readonly string? _directory;

    private ProxyUnderTest(WebApplication app, CapturedLog log)
        : this(log, new Uri(app.Services.GetRequiredService<BoundListeners>().Proxy), new Uri(app.Services.GetRequiredService<BoundListeners>().Management)) =>
        _app = app;

    private ProxyUnderTest(ProxyProcess process, string? directory)
        : this(process.Log, process.Proxy, process.Management) => (_process, _directory) = (process, directory);

    private ProxyUnderTest(CapturedLog log, Uri address, Uri management)
    {
        (Log, Address, Management) = (log, address, management);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false })
        {
            BaseAddress = Address,
        };
        Client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");
    }

    public Uri Address { get; }

    public Uri Management { get; }

    /// <summary>A client of tenant <c>demo</c>.</summary>
    public HttpClient Client { get; }

    public CapturedLog Log { get; }

    public ICacheStore Store => Services.GetRequiredService<ICacheStore>();

    public IServiceProvider Services => ProxyProcess.InThisProcess(_app).Services;

    /// <summary>Whether Redis answers, as far as the product knows.</summary>
    public bool IsStoreAvailable => _app is not null
        ? Store.IsAvailable
        : Log.Messages.LastOrDefault(static message => message.StartsWith("Redis is ", StringComparison.Ordinal)) == "Redis is available";

    /// <param name="api">Where the API is.</param>
    /// <param name="settings">Configuration on top of it, e.g. <c>("CacheProxy:Policies:customer:Ttl", "1m")</c>.</param>
    /// <param name="redis">Connection string; empty for the in-memory store.</param>
    /// <param name="time">The clock; the system's when absent.</param>
    /// <param name="waitsForRedis">Whether to wait until Redis answers; false where it does not.</param>
    /// <param name="shipped">Whether to begin with the whole file that is shipped.</param>
    public static async Task<ProxyUnderTest> StartAsync(
        string api, IEnumerable<(string Key, string? Value)>? settings = null, string redis = "", TimeProvider? time = null, bool waitsForRedis = true,
        bool shipped = false)
    {
        var values = new Dictionary<string, string?>
        {
            ["Kestrel:Endpoints:Proxy:Url"] = "http://127.0.0.1:0",
            ["Kestrel:Endpoints:Management:Url"] = "http://127.0.0.1:0",
            ["ReverseProxy:Clusters:customer-api:Destinations:primary:Address"] = api,
            ["CacheProxy:Redis:ConnectionString"] = redis,
            ["CacheProxy:Management:Tokens"] = Token,
            ["Serilog:MinimumLevel:Default"] = "Debug",
        };
        foreach (var (key, value) in settings ?? [])
        {
            values[key] = value;
        }

        if (time is not null)
        {
            ProxyProcess.SkipIfWanted();
        }

        AddMemoryTtl(values, shipped ? AppContext.BaseDirectory : CustomersAlone.Directory);
        var proxy = ProxyProcess.IsWanted ? await StartProcessAsync(values, shipped) : await StartHereAsync(values, time, shipped);
        if (redis.Length > 0 && waitsForRedis)
        {
            await Eventually.TrueAsync(() => proxy.IsStoreAvailable);
        }

        return proxy;
    }

    // Copies only where a test is about them: it then sets MemoryTtl itself.
    private static void AddMemoryTtl(Dictionary<string, string?> values, string directory)
    {
        if (string.IsNullOrEmpty(values["CacheProxy:Redis:ConnectionString"]))
        {
            return;
        }

        var policies = new ConfigurationBuilder().AddJsonFile(Path.Combine(directory, "appsettings.json")).AddInMemoryCollection(values).Build()
            .GetSection("CacheProxy:Policies");
        foreach (var policy in policies.GetChildren())
        {
            values.TryAdd($"{policy.Path}:MemoryTtl", "0");
        }
    }

    private static async Task<ProxyUnderTest> StartHereAsync(Dictionary<string, string?> values, TimeProvider? time, bool shipped)
    {
        var log = new CapturedLog();
        var app = CacheProxyHost.Build([], new CacheProxyHostOptions
        {
            Directory = shipped ? AppContext.BaseDirectory : CustomersAlone.Directory,
            LogSink = log,
            Customise = builder =>
            {
                builder.Configuration.AddInMemoryCollection(values);
                if (time is not null)
                {
                    builder.Services.AddSingleton(time);
                }
            },
        });
        await CacheProxyHost.StartAsync(app);
        return new ProxyUnderTest(app, log);
    }

    private static async Task<ProxyUnderTest> StartProcessAsync(Dictionary<string, string?> values, bool shipped)
    {
        var arguments = values.Where(static pair => pair.Value is not null).Select(static pair => $"--{pair.Key}={pair.Value}");
        if (shipped)
        {
            return new ProxyUnderTest(await ProxyProcess.StartAsync(arguments), directory: null);
        }

        var directory = Directory.CreateTempSubdirectory("cacheproxy-").FullName;
        File.Copy(Path.Combine(CustomersAlone.Directory, "appsettings.json"), Path.Combine(directory, "appsettings.json"));
        return new ProxyUnderTest(await ProxyProcess.StartAsync(arguments, directory), directory);
    }

    /// <summary>GET as tenant <c>demo</c>.</summary>
    public Task<HttpResponseMessage> GetAsync(string target) => Client.GetAsync(target, Xunit.TestContext.Current.CancellationToken);

    /// <summary>Any method as tenant <c>demo</c>, with request headers.</summary>
    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, target);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Client.SendAsync(request, Xunit.TestContext.Current.CancellationToken);
    }

    /// <summary>GET as tenant <c>demo</c>, read whole.</summary>
    public Task<ClientAnswer> AskAsync(string target, params (string Name, string Value)[] headers) =>
        AskAsync(HttpMethod.Get, target, headers);

    /// <summary>Any method as tenant <c>demo</c>, read whole.</summary>
    public Task<ClientAnswer> AskAsync(HttpMethod method, string target, params (string Name, string Value)[] headers) =>
        ClientAnswer.ReadAsync(SendAsync(method, target, headers));

    /// <summary>A request to the management listener with the token, and with JSON if any.</summary>
    public async Task<ClientAnswer> AdministerAsync(HttpMethod method, string target, string? json = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(Management, target));
        request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Token}");
        request.Content = json is null ? null : new StringContent(json, System.Text.Encoding.UTF8, "application/json");
        return await ClientAnswer.ReadAsync(Client.SendAsync(request, Xunit.TestContext.Current.CancellationToken));
    }

    /// <summary>One request whose target and header lines (each with its end) are sent as they stand.</summary>
    public Task<RawHttpMessage> AskRawAsync(string target, string headers = "X-Tenant-Subdomain: demo\r\n", string method = "GET", string host = "api.test") =>
        RawHttp.SendAsync(Address.Port, $"{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        // A test may do so before the end of its block does.
        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }
}
