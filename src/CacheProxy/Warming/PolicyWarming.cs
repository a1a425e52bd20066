using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Store;

namespace CacheProxy.Warming;

/// <summary>The warming of one policy by this replica: what it shares, whether a run is wanted, and the run under way.</summary>
internal sealed class PolicyWarming(
    HotKeys keys, HotTable table, ICacheStore store, FetchHot fetch, WarmMetrics metrics, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenGuesses = TimeSpan.FromMinutes(1);

    private readonly string _replica = Guid.NewGuid().ToString("N");
    private readonly Lock _lock = new();
    private WarmReason? _wanted = WarmReason.Start;
    private Task _running = Task.CompletedTask;
    private CancellationTokenSource? _leading;
    private string? _storeId;
    private bool _hasRead;
    private bool _hasShared;
    private long? _ended;
    private long? _tried;

    public HotTable Table => table;

    public void Want(WarmReason reason)
    {
        lock (_lock)
        {
            _wanted = _wanted is null or WarmReason.Flush || reason == WarmReason.Demand ? reason : _wanted;
        }
    }

    /// <summary>Reads what others know, shares what is new, and notices when the store has lost what is hot.</summary>
    public async Task WatchAsync(CachePolicyOptions policy, bool shares)
    {
        var lost = false;
        if (store.HotList.StoreId(keys) is { } storeId)
        {
            lost = _storeId is not null && _storeId != storeId;
            _storeId = storeId;
            if (!_hasRead)
            {
                table.Learn(await store.HotList.ReadAsync(keys, policy.Warm.Top));
                _hasRead = true;
            }

            lost |= shares && await ShareAsync(policy) == ShareOutcome.Begun;
            if (shares && _leading is { } leading && !await store.HotList.TryLeadAsync(keys, _replica, Lease))
            {
                await leading.CancelAsync();
            }
        }

        // The share of misses is a guess, which is not followed again and again; the others are certain.
        if (lost || (table.HasLostItsEntries() && !IsWithin(BetweenGuesses, _ended)))
        {
            Want(WarmReason.Flush);
        }
    }

    /// <summary>Begins a run if one is wanted and the store is there. It goes on by itself.</summary>
    public void BeginIfWanted(CachePolicyOptions policy, WarmCredentialOptions credential, CancellationToken stopping)
    {
        if (_wanted is not { } reason
            || !_running.IsCompleted
            || !_hasRead
            || !store.IsAvailable
            || IsWithin(BetweenTries, _tried))
        {
            return;
        }

        _running = Task.Run(() => RunAsync(policy, credential, reason, stopping), CancellationToken.None);
    }

    /// <summary>Ends what is under way, and shares what has been learned since the last time.</summary>
    public async Task EndAsync(CachePolicyOptions policy)
    {
        await _running;
        await ShareAsync(policy);
    }

    private async Task RunAsync(CachePolicyOptions policy, WarmCredentialOptions options, WarmReason reason, CancellationToken stopping)
    {
        if (!WarmCredential.TryRead(options, out var credential))
        {
            logger.WarmCredentialUnreadable(policy.Name);
            lock (_lock)
            {
                _wanted = null;
            }

            return;
        }

        // Another replica leads: when it is through, or has died, this one looks whether anything is left to do.
        _tried = time.GetTimestamp();
        if (!await store.HotList.TryLeadAsync(keys, _replica, Lease))
        {
            return;
        }

        using var leading = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        (_leading, _tried) = (leading, null);
        lock (_lock)
        {
            _wanted = null;
        }

        metrics.Began();
        try
        {
            await WarmAsync(policy, credential, reason, leading.Token);
        }
        catch (Exception exception)
        {
            // A defect of ours: clients are served all the same.
            logger.WarmingFailed(exception);
        }
        finally
        {
            metrics.Ended();
            _leading = null;
            await store.HotList.ResignAsync(keys, _replica);
        }
    }

    private async Task WarmAsync(CachePolicyOptions policy, KeyValuePair<string, string>? credential, WarmReason reason, CancellationToken stopping)
    {
        table.Learn(await store.HotList.ReadAsync(keys, policy.Warm.Top));
        var requests = table.Hottest(policy.Warm.Top);
        if (requests.Length == 0)
        {
            return;
        }

        logger.WarmingBegins(policy.Name, requests.Length, reason);
        var run = new WarmRun(fetch, metrics, time, policy.Name, policy.Warm.RatePerSecond);
        await run.RunAsync(requests, credential, stopping);
        if (run.Stop != WarmStop.None)
        {
            logger.WarmingStops(policy.Name, run.Stop);
        }

        _ended = time.GetTimestamp();
        logger.WarmingEnded(policy.Name, run.CountOf(WarmResult.Fetched), run.CountOf(WarmResult.Present), requests.Length - run.Tried);
    }

    /// <returns><see cref="ShareOutcome.Begun"/> only where there was a list before.</returns>
    private async Task<ShareOutcome> ShareAsync(CachePolicyOptions policy)
    {
        var counts = table.TakeUnshared();
        var outcome = await store.HotList.ShareAsync(keys, counts, 2 * policy.Warm.Top);
        switch (outcome)
        {
            case ShareOutcome.Unavailable:
                table.GiveBack(counts);
                return outcome;
            case ShareOutcome.Begun when _hasShared:
                // The list went with everything else: it begins again with what is known here.
                await store.HotList.ShareAsync(keys, table.Hottest(policy.Warm.Top), 2 * policy.Warm.Top);
                return outcome;
            case ShareOutcome.Begun:
            case ShareOutcome.Added:
                _hasShared = true;
                return ShareOutcome.Added;
        }

        throw new InvalidOperationException("No such outcome.");
    }

    private bool IsWithin(TimeSpan span, long? since) => since is { } began && time.GetElapsedTime(began) < span;
}

/// <summary>Why a policy is warmed.</summary>
internal enum WarmReason
{
    Start,
    Demand,

    /// <summary>The store has lost what is hot.</summary>
    Flush,
}

/// <summary>The credential of warming requests.</summary>
internal static class WarmCredential
{
    public static bool TryRead(WarmCredentialOptions options, out KeyValuePair<string, string>? credential)
    {
        credential = null;
        var value = options.Credential;
        try
        {
            value = options.CredentialFile.Length > 0 ? File.ReadAllText(options.CredentialFile).Trim() : value;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without it the API would refuse everything.
            return false;
        }

        if (value.Any(static c => c is < ' ' or > '~') || (value.Length == 0 && options.IsPresent))
        {
            return false;
        }

        credential = value.Length == 0 ? null : new(options.CredentialHeader, value);
        return true;
    }
}
