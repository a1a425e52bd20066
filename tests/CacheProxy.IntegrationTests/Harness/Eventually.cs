using System.Diagnostics;
using Xunit;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>Waits for a condition that something else will bring about.</summary>
internal static class Eventually
{
    private const string Otherwise = "The condition did not come true in time.";

    // Much longer than anything here takes: the machine may be busy, and a sentinel takes its time.
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    public static Task TrueAsync(Func<bool> condition, string otherwise = Otherwise) => TrueAsync(() => Task.FromResult(condition()), otherwise);

    public static async Task TrueAsync(Func<Task<bool>> condition, string otherwise = Otherwise)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Poll);
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Budget, otherwise);
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
