using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Filling;

/// <summary>How one fill ends: stored and shared, or given up.</summary>
internal sealed class FillCompletion(
    CacheRequest request,
    FillFlight flight,
    FillLease lease,
    ICacheStore store,
    LocalCopies copies,
    PendingEvictions pending,
    CacheEventLog events,
    CacheMetrics metrics)
{
    private bool _ended;
    private Task? _givingBack;

    /// <summary>Why the response is not stored, as a stable word.</summary>
    public string? Detail { get; set; }

    /// <summary>Whether the response is in the store.</summary>
    public bool IsStored { get; private set; }

    public long AgeMs(StoredResponse stored) => stored.AgeMs(store.NowMs);

    /// <summary>Whoever waits goes to the API at once; in other replicas, too, where those wait for this one's lease.</summary>
    public void GiveUp()
    {
        flight.Finish(FlightResult.Forward);
        if (lease.Exclusive && !_ended)
        {
            _givingBack ??= GiveBackAsync();
        }
    }

    public async ValueTask AbandonAsync()
    {
        if (!_ended)
        {
            metrics.Fill(request.Policy.Name, Detail is { Length: > 0 } detail ? detail : "incomplete");
            GiveUp();
            _ended = true;
            await (_givingBack ?? GiveBackAsync());
        }
    }

    /// <summary>
    /// The API says that what is stored is no more, or not for this client any more: from now on it stands in for nothing, also not for
    /// an error. Whether the store can take this now is not waited for; the entry's lifetime bounds it.
    /// </summary>
    public async ValueTask EvictAsync()
    {
        copies.Forget(request.Key);
        if (await store.EndWriteAsync(request.Key, lease.Token, WriteResult.Changed, request.Patience) == StoreOutcome.Done)
        {
            events.Invalidated(request.Policy.Events, request.Tenant, request.Id);
        }
    }

    /// <summary>Stores the response with its complete body, and shares it if it was stored.</summary>
    /// <returns>The response as it was stored.</returns>
    public async ValueTask<StoredResponse> StoreAsync(StorableResponse storable, ReadOnlyMemory<byte> body)
    {
        var response = storable.Response with { Body = body, ResponseTimeMs = store.NowMs };
        if (storable.KeepFor <= TimeSpan.Zero || pending.MustForward(request.Key))
        {
            await AbandonAsync();
            return response;
        }

        _ended = true;
        flight.Seal();
        var result = new FillResult(
            storable.Variant, storable.Vary, response, storable.KeepFor, request.Policy.Options.MaxVariants);
        var outcome = await store.CompleteFillAsync(request.Key, lease, result, request.Patience);
        metrics.Fill(request.Policy.Name, Word(outcome));
        if (outcome != CompleteFillOutcome.Stored)
        {
            GiveUp();
            return response;
        }

        IsStored = true;
        copies.Drop(request.Key, storable.Variant);
        events.Cached(request.Policy.Events, request.Tenant, request.Id);
        // A write that could not reach the store may have begun since: its key must not be served here.
        flight.Finish(pending.MustForward(request.Key)
            ? FlightResult.Forward
            : FlightResult.Shared(response, storable.Variant, storable.Vary));
        return response;
    }

    private Task GiveBackAsync() => store.AbandonFillAsync(request.Key, lease, request.Patience).AsTask();

    private static string Word(CompleteFillOutcome outcome) => outcome switch
    {
        CompleteFillOutcome.Stored => "stored",
        CompleteFillOutcome.Revoked => "revoked",
        CompleteFillOutcome.Unavailable => "unavailable",
    };
}
