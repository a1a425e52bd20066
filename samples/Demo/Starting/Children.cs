using System.Net;

namespace Demo.Starting;

/// <summary>The sample API and CacheProxy in front of it, both ready.</summary>
internal sealed class Children : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly DirectoryInfo _dataFolder = Directory.CreateTempSubdirectory("cacheproxy-demo-");
    private readonly List<ChildProcess> _processes = [];

    private Children()
    {
    }

    public static async Task<Children> StartAsync(
        DemoOptions options, Ports ports, string keyPrefix, HttpClient client, CancellationToken stop)
    {
        var children = new Children();
        try
        {
            var api = children.Start(ChildPrograms.CustomerApi, new Dictionary<string, string>
            {
                ["ASPNETCORE_URLS"] = $"http://localhost:{ports.Api}",
                ["Database__Path"] = Path.Combine(children._dataFolder.FullName, "customers.db"),
                ["Database__LatencyMilliseconds"] = options.Latency,
            });
            var proxy = children.Start(ChildPrograms.CacheProxy, SettingsOf(options, ports, keyPrefix));
            await UntilReadyAsync(api, $"http://localhost:{ports.Api}/healthz", client, stop);
            await UntilReadyAsync(proxy, $"http://localhost:{ports.Management}/readyz", client, stop);
            return children;
        }
        catch
        {
            await children.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the demo tells CacheProxy: where it listens, where the API is, and which store to use.</summary>
    public static Dictionary<string, string> SettingsOf(DemoOptions options, Ports ports, string keyPrefix) => new()
    {
        ["Kestrel__Endpoints__Proxy__Url"] = $"http://localhost:{ports.Proxy}",
        ["Kestrel__Endpoints__Management__Url"] = $"http://localhost:{ports.Management}",
        ["ReverseProxy__Clusters__customer-api__Destinations__primary__Address"] = $"http://localhost:{ports.Api}/",
        ["CacheProxy__Redis__ConnectionString"] = options.Redis ?? "",
        ["CacheProxy__Redis__KeyPrefix"] = keyPrefix,
    };

    /// <summary>Does <paramref name="work"/>; when one of the programs ends by itself meanwhile, stops it and throws that program's last words.</summary>
    public async Task<T> WatchAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
    {
        using var childGone = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var working = work(childGone.Token);
        var anyExit = Task.WhenAny(_processes.Select(process => process.Exited));
        await Task.WhenAny(working, anyExit);
        if (working.IsCompletedSuccessfully)
        {
            return await working;
        }

        // A request that failed may be the first sign of a child's end; and a terminal's Ctrl-C reaches the children too, whose
        // end may be seen before the demo's own signal.
        await Task.WhenAny(anyExit, Task.Delay(Settling, stop));
        if (anyExit.IsCompleted)
        {
            await Task.WhenAny(Task.Delay(Settling, stop));
        }

        await childGone.CancelAsync();
        await Task.WhenAny(working);
        stop.ThrowIfCancellationRequested();
        if (anyExit.IsCompleted)
        {
            throw new StartException(_processes.First(process => process.Exited.IsCompleted).Obituary());
        }

        return await working;
    }

    public async ValueTask DisposeAsync()
    {
        // The proxy first, so that it does not see the API go away.
        foreach (var process in Enumerable.Reverse(_processes))
        {
            await process.DisposeAsync();
        }

        try
        {
            _dataFolder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // The system clears temporary files.
        }
    }

    private ChildProcess Start(string program, Dictionary<string, string> settings)
    {
        var process = ChildProcess.Start(program, settings);
        _processes.Add(process);
        return process;
    }

    public static async Task UntilReadyAsync(ChildProcess process, string url, HttpClient client, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(Patience);
        try
        {
            while (!await IsReadyAsync(url, client, patience.Token))
            {
                if (process.Exited.IsCompleted)
                {
                    throw new StartException(process.Obituary());
                }

                await Task.Delay(Pause, patience.Token);
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new StartException($"{process.Name} was not ready within {Patience.TotalSeconds:0} s: {url} did not answer 200.");
        }
    }

    private static async Task<bool> IsReadyAsync(string url, HttpClient client, CancellationToken stop)
    {
        try
        {
            using var response = await client.GetAsync(url, stop);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            // Not listening yet.
            return false;
        }
    }
}
