using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Host;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>The built program as a process of its own, which dies without warning and is started again.</summary>
internal sealed class ProcessHost : ILongRunHost, IDisposable
{
    private readonly Dictionary<string, string> _environment;
    private ProgramRun? _program;
    private volatile HttpClient? _client;

    private ProcessHost(Dictionary<string, string> environment) => _environment = environment;

    public HttpClient Client => _client ?? throw new HttpRequestException("The program is not running.");

    public int PendingEvictions => 0;

    public bool MayBeGone => true;

    public int ProcessId => _program!.ProcessId;

    public int Kills { get; private set; }

    public static async Task<ProcessHost> StartAsync(string api, IEnumerable<(string Key, string? Value)> settings, string redis)
    {
        var environment = settings.ToDictionary(
            static setting => setting.Key.Replace(":", "__", StringComparison.Ordinal), static setting => setting.Value ?? "");
        environment["Kestrel__Endpoints__Proxy__Url"] = "http://127.0.0.1:0";
        environment["Kestrel__Endpoints__Management__Url"] = "http://127.0.0.1:0";
        environment["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = api;
        environment["CacheProxy__Redis__ConnectionString"] = redis;
        var host = new ProcessHost(environment);
        await host.StartAgainAsync();
        return host;
    }

    public async Task StartAgainAsync()
    {
        _program = ProgramRun.Start(_environment);
        var proxy = (string?)null;
        while (proxy is null)
        {
            // Redis may be reported before the listeners are.
            proxy = (string?)JsonNode.Parse(await _program.ReadLineAsync())!["Proxy"];
        }

        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = new Uri(proxy) };
        client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");
        _client = client;
    }

    /// <summary>It does nothing and hears nothing until it is killed (SIGSTOP).</summary>
    public void Freeze() => _program!.Freeze();

    public async Task KillAsync()
    {
        Kills++;
        await _program!.KillAsync();
        _client = null;
    }

    public bool HasPendingEviction(string customer) => false;

    public void Dispose() => _program?.Dispose();
}
