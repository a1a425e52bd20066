using System.Globalization;
using CacheProxy.Configuration;
using CacheProxy.IntegrationTests.LongRuns;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>Seen from outside: whether a request wakes a thread of the pool.</summary>
public sealed class InlineSocketsTests
{
    private const int Requests = 2000;
    private const string PoolThread = ".NET TP Worker";
    // Voluntary or not: on a busy machine a thread may find the next request before it has gone to sleep.
    private const string Switches = "voluntary_ctxt_switches:";

    [Fact]
    public async Task By_default_a_thread_of_the_pool_wakes_for_a_request()
    {
        var woken = await CountWakingsAsync();

        Assert.True(woken > Requests / 2, $"{woken} wakings of {Requests} requests");
    }

    [Fact]
    public async Task With_InlineSockets_the_thread_that_reads_the_socket_answers()
    {
        var woken = await CountWakingsAsync((CacheProxySettings.InlineSocketsKey, "true"));

        Assert.True(woken < Requests / 10, $"{woken} wakings of {Requests} requests");
    }

    private static async Task<long> CountWakingsAsync(params (string Key, string? Value)[] settings)
    {
        await using var api = await NamedApi.StartAsync("api");
        using var host = await ProcessHost.StartAsync(api.Address, settings, redis: "");
        await AskAsync(host);
        var before = Wakings(host.ProcessId);
        for (var i = 0; i < Requests; i++)
        {
            await AskAsync(host);
        }

        return Wakings(host.ProcessId) - before;
    }

    private static async Task AskAsync(ProcessHost host)
    {
        var answer = await host.Client.GetStringAsync(new Uri("/api/customers/1", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal("api answers", answer);
    }

    private static long Wakings(int processId) => Directory
        .EnumerateDirectories($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/task")
        .Where(static thread => File.ReadAllText(Path.Combine(thread, "comm")).StartsWith(PoolThread, StringComparison.Ordinal))
        .Sum(static thread => File.ReadLines(Path.Combine(thread, "status"))
            .Where(static line => line.Contains(Switches, StringComparison.Ordinal))
            .Sum(static line => long.Parse(line.AsSpan(line.IndexOf(':') + 1), CultureInfo.InvariantCulture)));
}
