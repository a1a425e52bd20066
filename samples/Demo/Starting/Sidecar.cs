namespace Demo.Starting;

/// <summary>A second CacheProxy before the same API and on the same store, with settings of its own.</summary>
internal sealed class Sidecar : IAsyncDisposable
{
    private readonly Dictionary<string, string> _settings;
    private readonly HttpClient _client;
    private ChildProcess _process;

    private Sidecar(Ports ports, Dictionary<string, string> settings, HttpClient client)
    {
        Ports = ports;
        _settings = settings;
        _client = client;
        _process = ChildProcess.Start(ChildPrograms.CacheProxy, settings);
    }

    public Ports Ports { get; }

    /// <param name="options">What the demo was asked for.</param>
    /// <param name="api">The ports of the API and of the first CacheProxy.</param>
    /// <param name="keyPrefix">That of the first one.</param>
    /// <param name="settings">Keys, with colons, and values over the shipped configuration.</param>
    /// <param name="client">Asks whether it is ready.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<Sidecar> StartAsync(
        DemoOptions options, Ports api, string keyPrefix, IReadOnlyDictionary<string, string> settings, HttpClient client, CancellationToken stop)
    {
        var ports = api.Beside();
        var all = Children.SettingsOf(options, ports, keyPrefix);
        foreach (var (key, value) in settings)
        {
            all[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var sidecar = new Sidecar(ports, all, client);
        try
        {
            await sidecar.UntilReadyAsync(stop);
            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    public async Task RestartAsync(CancellationToken stop)
    {
        await _process.DisposeAsync();
        _process = ChildProcess.Start(ChildPrograms.CacheProxy, _settings);
        await UntilReadyAsync(stop);
    }

    /// <summary>Does <paramref name="work"/>; when it fails because the program has ended, throws that program's last words.</summary>
    public async Task<T> WatchAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (HttpRequestException) when (_process.Exited.IsCompleted)
        {
            throw new StartException(_process.Obituary());
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private Task UntilReadyAsync(CancellationToken stop) =>
        Children.UntilReadyAsync(_process, $"http://localhost:{Ports.Management}/readyz", _client, stop);
}
