namespace CacheProxy.Store.Redis;

/// <summary>Waits that end.</summary>
internal static class RedisWait
{
    /// <summary>The task's result, or <see cref="TimeoutException"/>; the task itself goes on, and its late failure is nobody's.</summary>
    public static async Task<T> AtMost<T>(Task<T> task, TimeSpan longest, TimeProvider time)
    {
        try
        {
            return await task.WaitAsync(longest, time);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            _ = task.ContinueWith(
                static late => late.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }
}
