namespace CacheProxy.Identity.Tokens;

/// <summary>
/// The issuer's keys, fetched from the start on and again and again. No request waits for a fetch: while there are no keys, whoever needs
/// them is forwarded. Keys that cannot be fetched again count for a bounded time.
/// </summary>
internal sealed class IssuerKeys : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    // A key that is not known yet brings the next fetch forward to here: whoever makes up ids troubles the issuer no more than that.
    private static readonly TimeSpan LeastPause = TimeSpan.FromSeconds(10);

    private readonly TokenOptions _options;
    private readonly Func<CancellationToken, Task<byte[]>> _fetch;
    private readonly string _place;
    private readonly TokenMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly long _maxAgeMs;
    private Fetched? _fetched;
    private TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _run = Task.CompletedTask;
    private int _failures;

    /// <param name="options">Checked options.</param>
    /// <param name="fetch">Gets the JWKS.</param>
    /// <param name="place">Where from, for the log.</param>
    /// <param name="metrics">Counts what comes of it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told when keys come, change and go.</param>
    public IssuerKeys(
        TokenOptions options, Func<CancellationToken, Task<byte[]>> fetch, string place, TokenMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_options, _fetch, _place, _metrics, _time, _logger) = (options, fetch, place, metrics, time, logger);
        _maxAgeMs = (long)options.KeysMaxAge.TotalMilliseconds;
    }

    /// <summary>How old the keys are; <c>null</c> while there are none.</summary>
    public TimeSpan? Age => Volatile.Read(ref _fetched) is { } fetched ? TimeSpan.FromMilliseconds(NowMs - fetched.AtMs) : null;

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The keys; <c>null</c> while there are none, or none that are young enough.</summary>
    public KeySet? Current(long nowMs) =>
        Volatile.Read(ref _fetched) is { } fetched && nowMs - fetched.AtMs < _maxAgeMs ? fetched.Keys : null;

    /// <summary>A token names a key that is not among them.</summary>
    public void AskForMore() => Volatile.Read(ref _asked).TrySetResult();

    /// <returns>Ends with the first fetch.</returns>
    public Task StartAsync()
    {
        var first = FetchAsync(_stop.Token);
        _run = RunAsync(first, _stop.Token);
        return first;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _run;
        _stop.Dispose();
    }

    private async Task RunAsync(Task first, CancellationToken stop)
    {
        try
        {
            await first;
            while (true)
            {
                await PauseAsync(stop);
                await FetchAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The program stops, or other keys are configured.
        }
    }

    private async Task PauseAsync(CancellationToken stop)
    {
        var pause = _failures == 0
            ? _options.KeysRefresh * (0.9 + (Random.Shared.NextDouble() / 10))
            : Min(LongestRetry, FirstRetry * Math.Pow(2, Math.Min(_failures - 1, 10))) * (0.5 + (Random.Shared.NextDouble() / 2));
        var least = Min(pause, LeastPause);
        await Task.Delay(least, _time, stop);
        try
        {
            await _asked.Task.WaitAsync(pause - least, _time, stop);
        }
        catch (TimeoutException)
        {
            // Nobody has asked: it is time all the same.
        }

        Volatile.Write(ref _asked, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    private async Task FetchAsync(CancellationToken stop)
    {
        string problem;
        try
        {
            if (KeySet.TryRead(await _fetch(stop), _fetched?.Keys) is { } keys)
            {
                TakeOver(keys);
                return;
            }

            problem = "it has no key that signatures can be verified with";
        }
        catch (Exception exception) when (!stop.IsCancellationRequested)
        {
            // Whatever it is: the last keys go on counting, for a time.
            problem = exception.Message;
        }

        _failures++;
        _metrics.Fetched(succeeded: false);
        var isFirst = _failures == 1;
        if (Current(NowMs) is null)
        {
            if (isFirst || _fetched is not null)
            {
                Log.KeysUnavailable(_logger, _place, problem);
            }

            Volatile.Write(ref _fetched, null);
        }
        else if (isFirst)
        {
            Log.KeysNotRefreshed(_logger, _place, problem);
        }
    }

    private void TakeOver(KeySet keys)
    {
        var before = _fetched?.Keys;
        var isSame = before?.IsSameAs(keys) == true;
        // The same set stays the same object, so that what is known by it stays known.
        Volatile.Write(ref _fetched, new Fetched(isSame ? before! : keys, NowMs));
        if (_failures > 0 || !isSame)
        {
            Log.KeysFetched(_logger, keys.Count, _place);
        }

        _failures = 0;
        _metrics.Fetched(succeeded: true);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private sealed record Fetched(KeySet Keys, long AtMs);
}

/// <summary>What becomes of the issuer's keys.</summary>
internal static partial class Log
{
    [LoggerMessage(5100, LogLevel.Information, "Token keys are there: {Count} from {Source}")]
    public static partial void KeysFetched(ILogger logger, int count, string source);

    [LoggerMessage(5101, LogLevel.Warning, "Token keys cannot be fetched again from {Source}: {Problem}; the last ones count until KeysMaxAge has passed")]
    public static partial void KeysNotRefreshed(ILogger logger, string source, string problem);

    [LoggerMessage(5102, LogLevel.Error, "There are no token keys from {Source}: {Problem}; requests that are shared by claims are forwarded")]
    public static partial void KeysUnavailable(ILogger logger, string source, string problem);
}
