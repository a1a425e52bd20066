using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using CacheProxy.Configuration.Policies;
using CacheProxy.Telemetry;

namespace CacheProxy.Filling;

/// <summary>
/// Holds up the misses of policies that say so (<c>MaxConcurrentFills</c>) until they have a place at the API. The places outlive a reload.
/// </summary>
internal sealed class FillLimits
{
    private readonly ConcurrentDictionary<string, FillLimiter> _limiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly TimeProvider _time;
    private readonly Counter<long> _heldUp;

    public FillLimits(IMeterFactory meters, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(CacheProxyMeter.Name);
        meter.CreateObservableGauge("cacheproxy.fills.queued", () => Waiting, "{request}", "Misses that wait for a place at the API");
        _heldUp = meter.CreateCounter<long>(
            "cacheproxy.fills.held.up", "{request}", "Misses that found no place at the API free, by policy and result (entered, forwarded, refused, left, skipped)");
    }

    public int Waiting
    {
        get
        {
            var waiting = 0;
            foreach (var (_, limiter) in _limiters)
            {
                waiting += limiter.Waiting;
            }

            return waiting;
        }
    }

    /// <summary>Whether the request's fill needs a place. In mode Shadow nobody is held up.</summary>
    public static bool Concern(CacheRequest request) => request.Policy.Options.LimitsFills && !request.IsShadowed;

    /// <summary>Makes a policy's series exist.</summary>
    public void Begin(CachePolicyOptions policy)
    {
        if (policy.LimitsFills)
        {
            foreach (var result in Enum.GetValues<HeldUpResult>())
            {
                Count(policy.Name, result, count: 0);
            }
        }
    }

    /// <summary>A place for the flight, or one in the queue.</summary>
    public FillPlace Enter(CacheRequest request, Flight flight)
    {
        var place = LimiterOf(request.Policy).Enter(FillBounds.Of(request.Policy.Options), request.Tenant ?? "");
        flight.Place = place;
        return place;
    }

    /// <summary>A place for the flight, if one is free or none is needed: for fills that nobody waits for.</summary>
    public bool TryEnter(CacheRequest request, Flight flight)
    {
        if (!Concern(request))
        {
            return true;
        }

        flight.Place = LimiterOf(request.Policy).TryEnter(FillBounds.Of(request.Policy.Options), request.Tenant ?? "");
        if (flight.Place is null)
        {
            Count(request.Policy.Name, HeldUpResult.Skipped);
        }

        return flight.Place is not null;
    }

    /// <summary>Whether at least half of the places are free. Without a limit they are.</summary>
    public bool HasRoomForWarming(CacheRequest request) =>
        !Concern(request) || LimiterOf(request.Policy).IsHalfFree(FillBounds.Of(request.Policy.Options), request.Tenant ?? "");

    /// <summary>Waits for the place of a flight as long as the policy allows, and while anybody wants the answer.</summary>
    public async Task<FillTurn> WaitAsync(CacheRequest request, Flight flight)
    {
        FillTurn turn;
        // The leader's client may go; those who follow still want the answer.
        await using (request.Context.RequestAborted.UnsafeRegister(static state => ((Flight)state!).LeaderLeft(), flight))
        {
            turn = await flight.Place!.WaitAsync(request.Policy.Options.FillWait, _time, flight.Abandoned);
        }

        Count(request.Policy.Name, turn switch
        {
            FillTurn.Entered => HeldUpResult.Entered,
            FillTurn.Abandoned => HeldUpResult.Left,
            FillTurn.TimedOut => request.Policy.Options.FillOverflow == FillOverflow.Refuse ? HeldUpResult.Refused : HeldUpResult.Forwarded,
        });
        return turn;
    }

    public void Count(string policy, HeldUpResult result, int count = 1)
    {
        if (_heldUp.Enabled)
        {
            _heldUp.Add(count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("result", ToToken(result)));
        }
    }

    private FillLimiter LimiterOf(CachePolicy policy) => _limiters.GetOrAdd(policy.Name, static _ => new FillLimiter());

    private static string ToToken(HeldUpResult result) => result switch
    {
        HeldUpResult.Entered => "entered",
        HeldUpResult.Forwarded => "forwarded",
        HeldUpResult.Refused => "refused",
        HeldUpResult.Left => "left",
        HeldUpResult.Skipped => "skipped",
    };
}

/// <summary>What became of a miss that found no place free.</summary>
internal enum HeldUpResult
{
    /// <summary>Its turn came in time.</summary>
    Entered,

    /// <summary>It waited in vain, and went to the API beyond the limit.</summary>
    Forwarded,

    /// <summary>It waited in vain, and was answered 503.</summary>
    Refused,

    /// <summary>Its client went away.</summary>
    Left,

    /// <summary>A fill in the background, left out.</summary>
    Skipped,
}
