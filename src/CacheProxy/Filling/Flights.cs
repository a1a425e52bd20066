using System.Collections.Concurrent;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>The flights of this process.</summary>
internal sealed class Flights
{
    private readonly ConcurrentDictionary<FlightKey, Flight> _flights = new();

    /// <summary>How many requests wait for what others fetch.</summary>
    public int Waiting
    {
        get
        {
            var waiting = 0;
            foreach (var (_, flight) in _flights)
            {
                waiting += flight.Waiters;
            }

            return waiting;
        }
    }

    /// <summary>Joins the flight of a variant, or starts one.</summary>
    /// <param name="key">What is wanted.</param>
    /// <param name="leads">Whether the caller leads and must call <see cref="Land"/>.</param>
    public Flight JoinOrLead(FlightKey key, out bool leads)
    {
        Flight? own = null;
        while (true)
        {
            if (!_flights.TryGetValue(key, out var flight))
            {
                own ??= new Flight(key);
                flight = _flights.GetOrAdd(key, own);
            }

            leads = ReferenceEquals(flight, own);
            if (leads || !flight.IsOver)
            {
                return flight;
            }

            _flights.TryRemove(new KeyValuePair<FlightKey, Flight>(key, flight));
        }
    }

    /// <summary>Ends a flight, once or again; whoever still waits goes to the API.</summary>
    public void Land(Flight flight)
    {
        _flights.TryRemove(new KeyValuePair<FlightKey, Flight>(flight.Key, flight));
        flight.Finish(FlightResult.Forward);
        flight.Dispose();
    }
}

/// <summary>One upstream request that concurrent misses of one variant wait for. The reader that came first leads it.</summary>
internal sealed class Flight(FlightKey key) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _abandoned = new();

    // Only where somebody waits, which is rare: 122 bytes that most misses do without.
    private TaskCompletionSource<FlightResult>? _awaited;
    private FlightResult? _result;
    private int _waiters;
    private bool _leaderGone;
    private bool _sealed;

    public FlightKey Key => key;

    /// <summary>Its place at the API, where the policy limits their number. It is left as soon as the API has done its part.</summary>
    public FillPlace? Place { get; set; }

    /// <summary>What Cache-Status says of it where the answer itself gives no reason to say anything.</summary>
    public string? Detail { get; set; }

    /// <summary>How many wait for the result.</summary>
    public int Waiters
    {
        get
        {
            lock (_lock)
            {
                return _waiters;
            }
        }
    }

    /// <summary>
    /// Whether nothing more comes of it: what it has fetched is in the store or will never be, or the API has failed, though its own
    /// client may still read. Whoever comes now asks anew.
    /// </summary>
    public bool IsOver
    {
        get
        {
            lock (_lock)
            {
                return _result is { } result && (_sealed || result.Kind == FlightResultKind.Failed);
            }
        }
    }

    /// <summary>Fires when nobody wants the answer any more: the leader's client is gone and no one waits.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>
    /// Waits for the result. Only who joined before <see cref="Seal"/> may share the response: a write may have begun and ended since,
    /// so whoever comes later is told to look up again.
    /// </summary>
    public async Task<FlightResult> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken clientGone)
    {
        bool late;
        Task<FlightResult> awaited;
        lock (_lock)
        {
            late = _sealed;
            _waiters++;
            _awaited ??= Awaited(_result);
            awaited = _awaited.Task;
        }

        try
        {
            var result = await awaited.WaitAsync(limit, time, clientGone);
            return late ? FlightResult.LookUpAgain : result;
        }
        catch (TimeoutException)
        {
            // A leader that takes too long is no leader: the waiter does the work itself.
            return FlightResult.Forward;
        }
        catch (OperationCanceledException)
        {
            // The client has gone, which the forwarder notices at once and without an exception.
            return FlightResult.Forward;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>From here on the response is on its way into the store; joining is too late to share it.</summary>
    public void Seal()
    {
        lock (_lock)
        {
            _sealed = true;
        }

        Place?.Leave();
    }

    /// <summary>The first result stands.</summary>
    public void Finish(in FlightResult result)
    {
        lock (_lock)
        {
            _result ??= result;
            _awaited?.TrySetResult(_result.Value);
        }

        Place?.Leave();
    }

    /// <summary>The leader's client has gone; the flight goes on only for others.</summary>
    public void LeaderLeft()
    {
        bool abandoned;
        lock (_lock)
        {
            _leaderGone = true;
            abandoned = _waiters == 0;
        }

        CancelIf(abandoned);
    }

    public void Dispose() => _abandoned.Dispose();

    private void Leave()
    {
        bool abandoned;
        lock (_lock)
        {
            _waiters--;
            abandoned = _waiters == 0 && _leaderGone && _result is null;
        }

        CancelIf(abandoned);
    }

    // Continuations run elsewhere: the result is set under the lock.
    private static TaskCompletionSource<FlightResult> Awaited(in FlightResult? result)
    {
        var awaited = new TaskCompletionSource<FlightResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (result is { } known)
        {
            awaited.SetResult(known);
        }

        return awaited;
    }

    private void CancelIf(bool abandoned)
    {
        if (!abandoned)
        {
            return;
        }

        try
        {
            _abandoned.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The flight has landed in the meantime: nothing is left to cancel.
        }
    }
}

/// <summary>What a flight fetches.</summary>
internal readonly record struct FlightKey(ResourceKey Resource, VariantKey Variant);

/// <summary>What a flight brought those who waited for it.</summary>
/// <param name="Kind">What they may do.</param>
/// <param name="Response">The response, proven complete and stored, when it is shared.</param>
/// <param name="Variant">Its variant under <paramref name="Vary"/>: only a waiter of the same one may have it.</param>
/// <param name="Vary">The names that the variant was computed with.</param>
/// <param name="ForwardStatus">The status with which the API failed; <c>null</c> when it gave none.</param>
internal readonly record struct FlightResult(
    FlightResultKind Kind, StoredResponse? Response, VariantKey Variant, string Vary, int? ForwardStatus = null)
{
    public static FlightResult Forward => new(FlightResultKind.Forward, null, default, "");

    public static FlightResult Failed(int? status) => new(FlightResultKind.Failed, null, default, "", status);

    public static FlightResult Refused => new(FlightResultKind.Refused, null, default, "");

    public static FlightResult LookUpAgain => new(FlightResultKind.LookUpAgain, null, default, "");

    public static FlightResult Shared(StoredResponse response, VariantKey variant, string vary) =>
        new(FlightResultKind.Shared, response, variant, vary);
}

internal enum FlightResultKind
{
    /// <summary>The leader was cancelled or got what may not be stored: each waiter goes to the API at once.</summary>
    Forward,

    /// <summary>The API failed: each waiter decides by what it has itself looked up.</summary>
    Failed,

    /// <summary>No place at the API became free in time, and the policy refuses those who wait in vain.</summary>
    Refused,

    /// <summary>Something is stored by now, or the waiter came too late to share.</summary>
    LookUpAgain,

    /// <summary>The response was stored and may be served to waiters of the same variant.</summary>
    Shared,
}
