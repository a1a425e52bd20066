using Demo.Starting;
using Demo.Walking;
using Demo.Walking.Scenes;

namespace Demo;

/// <summary>The demo from start to end.</summary>
internal static class DemoRun
{
    public static async Task<ExitCode> RunAsync(DemoOptions options, CancellationToken stop)
    {
        var walked = false;
        var allAsExpected = false;
        try
        {
            using var client = NewClient();
            var ports = Ports.Choose(options);
            if (options.Redis is not null)
            {
                await RedisCheck.PingAsync(options.Redis, stop);
            }

            // A prefix of this run's own: what an earlier run left in Redis is never a hit of this one.
            var keyPrefix = options.Redis is null ? "" : $"demo-{Guid.NewGuid():N}:";
            Console.WriteLine($"Starting the sample API on port {ports.Api} and CacheProxy on port {ports.Proxy}, caching in "
                + (options.Redis is null ? "its own memory." : $"Redis at {options.Redis}."));
            Console.WriteLine(options.Latency == "0"
                ? "The sample's database is a file on this machine and takes almost no time: what a hit saves is seen in queries."
                : $"Each query to the sample's database takes {options.Latency} ms, as it would on a machine of its own (--latency).");
            await using var children = await Children.StartAsync(options, ports, keyPrefix, client, stop);

            allAsExpected = await children.WatchAsync(
                walkStop => new Walk(new Caller(client, ports), Console.Out).RunAsync(walkStop), stop);
            allAsExpected &= await children.WatchAsync(scenesStop => PlayScenesAsync(options, ports, keyPrefix, client, scenesStop), stop);
            walked = true;
            if (!options.Exit)
            {
                Invitation.Write(Console.Out, options, ports, keyPrefix);
                await children.WatchAsync(UntilStoppedAsync, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            Console.WriteLine("Stopped.");
            if (!walked)
            {
                return ExitCode.Interrupted;
            }
        }
        catch (Exception problem) when (problem is StartException or HttpRequestException or TaskCanceledException)
        {
            Console.Error.WriteLine(problem.Message);
            return ExitCode.Failed;
        }

        return allAsExpected ? ExitCode.Ok : ExitCode.Failed;
    }

    private static async Task<bool> PlayScenesAsync(DemoOptions options, Ports ports, string keyPrefix, HttpClient client, CancellationToken stop)
    {
        await using var sidecar = await Sidecar.StartAsync(options, ports, keyPrefix, Stage.Settings(), client, stop);
        return await Stage.PlayAllAsync(sidecar, options.Redis is not null, client, Console.Out, stop);
    }

    private static HttpClient NewClient() => new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
    {
        Timeout = TimeSpan.FromSeconds(30),
    };

    private static async Task<bool> UntilStoppedAsync(CancellationToken stop)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, stop);
        return true;
    }
}
