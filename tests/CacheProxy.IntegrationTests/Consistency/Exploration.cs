using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Plays all interleavings of a system, shared among several explorers.</summary>
internal static class Exploration
{
    public const string FullVariable = "CACHEPROXY_EXPLORE_ALL";

    /// <summary>Whether to play the larger systems, too, which take minutes.</summary>
    public static bool IsFull => Environment.GetEnvironmentVariable(FullVariable) is "1" or "true";

    public static async Task<long> PlayAsync(ITestOutputHelper output, string name, Party[] system, IEnumerable<IInterleavingRun> runs)
    {
        var interleavings = new Interleavings(system);
        var started = Stopwatch.GetTimestamp();
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var counts = await Task.WhenAll(runs.Select(run => Task.Run(() => PlayAsync(interleavings, run, failed))));
        var total = counts.Sum(static count => (long)count.Played);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{name} [{string.Join("; ", system)}]: {total:N0} interleavings, {counts.Sum(static count => count.Unpromised):N0} of them outside the promise, {Stopwatch.GetElapsedTime(started).TotalSeconds:N1} s"));
        return total;
    }

    public static void Report(ITestOutputHelper output, FormattableString line)
    {
        var text = "Exhaustive: " + FormattableString.Invariant(line);
        output.WriteLine(text);
        Console.WriteLine(text);
    }

    private static async Task<(int Played, int Unpromised)> PlayAsync(
        Interleavings interleavings, IInterleavingRun run, CancellationTokenSource failed)
    {
        var orders = new byte[64 * interleavings.Length];
        var played = 0;
        while (!failed.IsCancellationRequested && interleavings.Take(orders) is > 0 and var taken)
        {
            for (var i = 0; i < taken; i++)
            {
                try
                {
                    await run.PlayAsync(orders.AsMemory(i * interleavings.Length, interleavings.Length));
                }
                catch
                {
                    // One broken promise is enough; the others stop.
                    await failed.CancelAsync();
                    throw;
                }
            }

            played += taken;
        }

        TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        return (played, run.Unpromised);
    }
}
