using System.Diagnostics.Metrics;
using CacheProxy.Identity;
using CacheProxy.Telemetry;

namespace CacheProxy.Store;

/// <summary>
/// Gives leases on copies back: of what somebody is about to change, at once; of everything where this replica does not hear any more who
/// changes what, and when it stops. Nothing waits for the store here: a lease that is not given back runs out.
/// </summary>
internal sealed class CopyLeases(ICacheStore store, LocalCopies copies, Acknowledgements acknowledgements, CopyMetrics? metrics = null) : IReplicaListener
{
    // Beyond, leases run out by themselves: each release is a script in a Redis that has writes to do.
    private const int MostUnderWay = 256;
    private const int AtATime = 64;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private int _underWay;

    /// <summary>Before the acknowledgement is sent nothing with a lower number is served any more. It is also sent when there is no copy.</summary>
    public void OnInvalidation(ResourceKey key, string writer)
    {
        var number = copies.Raise(key);
        store.Channel?.Acknowledge(writer, key, number);
        metrics?.Invalidated();
        if (Volatile.Read(ref _underWay) < MostUnderWay)
        {
            _ = ReleaseAsync(key, number, ReleaseReason.Invalidated);
        }
    }

    public void OnAcknowledgement(ResourceKey key, string replica, long number) => acknowledgements.Note(key, replica, number);

    public void OnClosed() => _ = ReleaseAsync(copies.EraseAll(), ReleaseReason.ChannelClosed);

    /// <summary>Policies hold nothing any more: drops the copies of their resources.</summary>
    public Task DropAsync(Func<ResourceKey, bool> isMeant) => ReleaseAsync(copies.Erase(isMeant), ReleaseReason.Reload);

    /// <summary>Serves no copies any more.</summary>
    /// <returns>Ends when the leases have been given back, or cannot be.</returns>
    public Task StopAsync() => ReleaseAsync(copies.Stop(), ReleaseReason.Stopped);

    private async Task ReleaseAsync(List<ResourceKey> keys, ReleaseReason reason)
    {
        var releasing = new List<Task>(AtATime);
        for (var first = 0; first < keys.Count && store.IsAvailable; first += AtATime)
        {
            releasing.Clear();
            for (var i = first; i < keys.Count && i < first + AtATime; i++)
            {
                releasing.Add(ReleaseAsync(keys[i], copies.Number(keys[i]), reason));
            }

            await Task.WhenAll(releasing);
        }
    }

    private async Task ReleaseAsync(ResourceKey key, long number, ReleaseReason reason)
    {
        Interlocked.Increment(ref _underWay);
        try
        {
            await store.ReleaseAsync(key, number, new StoreTimeoutBudget(Timeout));
            metrics?.Released(reason);
        }
        finally
        {
            Interlocked.Decrement(ref _underWay);
        }
    }
}

/// <summary>Why a lease was given back.</summary>
internal enum ReleaseReason
{
    /// <summary>Somebody is about to change the resource, or has.</summary>
    Invalidated,

    ChannelClosed,

    /// <summary>The policy's <c>MemoryTtl</c> has become 0.</summary>
    Reload,

    Stopped,
}

/// <summary>How a look-up ended that was to take a lease.</summary>
internal enum HoldResult
{
    Granted,

    /// <summary>There is a write, or nothing is stored.</summary>
    Refused,

    Unavailable,
}

/// <summary>What becomes of copies.</summary>
internal sealed class CopyMetrics
{
    private readonly Meter _meter;
    private readonly Counter<long> _holds;
    private readonly Counter<long> _releases;
    private readonly Counter<long> _invalidations;

    public CopyMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(CacheProxyMeter.Name);
        _holds = _meter.CreateCounter<long>("cacheproxy.holds", "{hold}", "Look-ups that asked for a lease on copies, by result (granted, refused, unavailable)");
        _releases = _meter.CreateCounter<long>(
            "cacheproxy.releases", "{lease}", "Leases on copies that were given back, by reason (invalidated, channel-closed, reload, stopped)");
        _invalidations = _meter.CreateCounter<long>(
            "cacheproxy.invalidations", "{message}", "Messages of other replicas that something of which this one may have copies is about to change, or has");
    }

    /// <summary>Makes the series exist, so that their first step is seen by those who compute rates.</summary>
    public void Begin()
    {
        foreach (var result in Enum.GetValues<HoldResult>())
        {
            Held(result, count: 0);
        }

        foreach (var reason in Enum.GetValues<ReleaseReason>())
        {
            Released(reason, count: 0);
        }

        _invalidations.Add(0);
    }

    public void Observe(LocalCopies copies)
    {
        _meter.CreateObservableGauge("cacheproxy.copies", () => copies.Count, "{copy}", "Copies of entries in Redis that this replica has in memory");
        _meter.CreateObservableGauge("cacheproxy.memory.copies", () => copies.Bytes, "By", "What copies take, headers and structures counted");
        _meter.CreateObservableGauge(
            "cacheproxy.channel.closed",
            () => copies.IsCutOff ? 1 : 0,
            "{state}",
            "1 while copies are wanted and this replica's own messages do not come back to it through Redis: it then holds none");
    }

    public void Held(HoldResult result, int count = 1)
    {
        if (_holds.Enabled)
        {
            _holds.Add(count, new KeyValuePair<string, object?>("result", ToToken(result)));
        }
    }

    public void Released(ReleaseReason reason, int count = 1)
    {
        if (_releases.Enabled)
        {
            _releases.Add(count, new KeyValuePair<string, object?>("reason", ToToken(reason)));
        }
    }

    public void Invalidated() => _invalidations.Add(1);

    private static string ToToken(HoldResult result) => result switch
    {
        HoldResult.Granted => "granted",
        HoldResult.Refused => "refused",
        HoldResult.Unavailable => "unavailable",
    };

    private static string ToToken(ReleaseReason reason) => reason switch
    {
        ReleaseReason.Invalidated => "invalidated",
        ReleaseReason.ChannelClosed => "channel-closed",
        ReleaseReason.Reload => "reload",
        ReleaseReason.Stopped => "stopped",
    };
}
