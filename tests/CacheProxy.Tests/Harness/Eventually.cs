using System.Diagnostics;
using Xunit;

namespace CacheProxy.Tests.Harness;

/// <summary>Waits for what another thread is about to do.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(60);

    public static async Task TrueAsync(Func<bool> condition)
    {
        var started = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Budget, "The condition did not come true in time.");
            await Task.Yield();
        }
    }
}
