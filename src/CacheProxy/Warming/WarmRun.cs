using CacheProxy.Store;

namespace CacheProxy.Warming;

/// <summary>
/// One pass through the hot requests of a policy, hottest first. It sends the API at most so many requests a second, waits where clients'
/// misses need the places, and rests after each request for as long as that took: a slow API is asked less. A failing one is left alone.
/// </summary>
internal sealed class WarmRun(FetchHot fetch, WarmMetrics metrics, TimeProvider time, string policy, int ratePerSecond)
{
    private const int MostWorkers = 16;
    private const int FailuresToStop = 3;
    private const int RefusalsToStop = 10;

    // Of what a request to the API may cost, a look-up that finds the entry costs a tenth.
    private const double LookUpCost = 0.1;

    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly int[] _results = new int[Enum.GetValues<WarmResult>().Length];
    private HotCount[] _requests = [];
    private int _next;
    private long _slot;
    private int _failuresInARow;
    private WarmStop _stop;

    public int Tried => Math.Min(_next, _requests.Length);

    public WarmStop Stop => _stop;

    public int CountOf(WarmResult result) => _results[(int)result];

    /// <summary>Ends when it is through, when something stops it, or with <paramref name="stopping"/>; then without an exception.</summary>
    public async Task RunAsync(HotCount[] requests, KeyValuePair<string, string>? credential, CancellationToken stopping)
    {
        _requests = requests;
        _slot = time.GetTimestamp();
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Math.Clamp(ratePerSecond / 10, 1, MostWorkers)).Select(_ => WorkAsync(credential, stopping)));
        }
        catch (OperationCanceledException)
        {
            // The program stops, or another replica leads.
        }
    }

    private async Task WorkAsync(KeyValuePair<string, string>? credential, CancellationToken stopping)
    {
        while (_stop == WarmStop.None && Take() is { } request)
        {
            WarmResult result;
            TimeSpan took;
            do
            {
                await PaceAsync(stopping);
                var started = time.GetTimestamp();
                result = await fetch(request, policy, credential, stopping);
                took = time.GetElapsedTime(started);
                if (result == WarmResult.Busy)
                {
                    await Task.Delay(Busy, time, stopping);
                }
            }
            while (result == WarmResult.Busy);

            stopping.ThrowIfCancellationRequested();
            Note(result);
            if (result is WarmResult.Fetched or WarmResult.Refused)
            {
                await Task.Delay(took, time, stopping);
            }
            else if (result == WarmResult.Failed && _stop == WarmStop.None)
            {
                await Task.Delay(AfterFailure, time, stopping);
            }
        }
    }

    private string? Take()
    {
        var next = Interlocked.Increment(ref _next) - 1;
        return next < _requests.Length ? _requests[next].Request : null;
    }

    private void Note(WarmResult result)
    {
        metrics.Count(policy, result);
        lock (_lock)
        {
            _results[(int)result]++;
            if (result is WarmResult.Fetched or WarmResult.Refused or WarmResult.Failed)
            {
                _slot += Cost(1 - LookUpCost);
                _failuresInARow = result == WarmResult.Failed ? _failuresInARow + 1 : 0;
            }

            _stop = _stop != WarmStop.None ? _stop
                : _failuresInARow >= FailuresToStop ? WarmStop.ApiFails
                : CountOf(WarmResult.Refused) >= RefusalsToStop && CountOf(WarmResult.Fetched) == 0 ? WarmStop.ApiRefuses
                : result == WarmResult.StoreUnavailable ? WarmStop.StoreUnavailable
                : WarmStop.None;
        }
    }

    private async Task PaceAsync(CancellationToken stopping)
    {
        long slot;
        lock (_lock)
        {
            // Time that went by unused is not made up for.
            slot = Math.Max(_slot, time.GetTimestamp());
            _slot = slot + Cost(LookUpCost);
        }

        var wait = time.GetElapsedTime(time.GetTimestamp(), slot);
        if (wait > TimeSpan.Zero)
        {
            await Task.Delay(wait, time, stopping);
        }
    }

    private long Cost(double requests) => (long)(requests * time.TimestampFrequency / ratePerSecond);
}

/// <summary>As <see cref="WarmFetch.FetchAsync"/>.</summary>
internal delegate Task<WarmResult> FetchHot(string request, string policy, KeyValuePair<string, string>? credential, CancellationToken stopping);

/// <summary>Why a run ended before it was through.</summary>
internal enum WarmStop
{
    None,
    ApiFails,

    /// <summary>It answers 401 or 403 to everything.</summary>
    ApiRefuses,
    StoreUnavailable,
}
