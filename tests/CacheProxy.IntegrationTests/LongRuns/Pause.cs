namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>The time that an API, a client or an operator takes. What a test waits for, it asks <c>Eventually</c> for.</summary>
internal static class Pause
{
    public static async ValueTask ForAsync(int milliseconds)
    {
        if (milliseconds <= 0)
        {
            await Task.Yield();
            return;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(milliseconds));
        await timer.WaitForNextTickAsync();
    }
}
