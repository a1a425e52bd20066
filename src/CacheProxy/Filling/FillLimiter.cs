using CacheProxy.Configuration.Policies;

namespace CacheProxy.Filling;

/// <summary>
/// The places at the API for the fills of one policy. Who finds none free waits in order: tenants take turns, and within a tenant who came
/// first goes first. So one tenant's flood of misses holds up its own, and not those of the others.
/// </summary>
internal sealed class FillLimiter
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Tenant> _tenants = new(StringComparer.Ordinal);

    // Those whose first waiter may enter as soon as the policy has a place; what no longer holds when its turn comes is passed over.
    private readonly Queue<Tenant> _turns = new();
    private FillBounds _bounds;
    private int _entered;
    private int _waiting;

    public int Entered
    {
        get
        {
            lock (_lock)
            {
                return _entered;
            }
        }
    }

    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting;
            }
        }
    }

    /// <summary>A place, or one in the queue for it.</summary>
    /// <param name="bounds">Those of the configuration that the request is judged by; the latest hold for all.</param>
    /// <param name="tenant">Empty where the key names none.</param>
    public FillPlace Enter(in FillBounds bounds, string tenant)
    {
        lock (_lock)
        {
            Follow_NeedsLock(bounds);
            var place = new FillPlace(this, Find_NeedsLock(tenant));
            if (HasRoom_NeedsLock(place.Tenant))
            {
                Enter_NeedsLock(place);
            }
            else
            {
                place.Wait(place.Tenant.Waiters.AddLast(place));
                _waiting++;
                TakeTurn_NeedsLock(place.Tenant);
            }

            return place;
        }
    }

    /// <summary>A place if one is free; nobody waits for it.</summary>
    public FillPlace? TryEnter(in FillBounds bounds, string tenant)
    {
        lock (_lock)
        {
            Follow_NeedsLock(bounds);
            var entering = Find_NeedsLock(tenant);
            if (!HasRoom_NeedsLock(entering))
            {
                Forget_NeedsLock(entering);
                return null;
            }

            var place = new FillPlace(this, entering);
            Enter_NeedsLock(place);
            return place;
        }
    }

    /// <summary>Whether one more would leave half of the places, the policy's and the tenant's, to others.</summary>
    public bool IsHalfFree(in FillBounds bounds, string tenant)
    {
        lock (_lock)
        {
            var ofTenant = _tenants.TryGetValue(tenant, out var known) ? known.Entered : 0;
            return _entered < Half(bounds.Total) && ofTenant < Half(bounds.PerTenant);
        }

        static int Half(int bound) => (bound / 2) + (bound % 2);
    }

    /// <summary>Ends the waiting without a place, unless it has ended before.</summary>
    public void GiveUp(FillPlace place, FillTurn turn)
    {
        lock (_lock)
        {
            if (place.State == FillPlaceState.Waiting)
            {
                place.Tenant.Waiters.Remove(place.Waiting!);
                _waiting--;
                place.End(turn);
                Forget_NeedsLock(place.Tenant);
            }
        }
    }

    /// <summary>Gives the place back, once or again; whoever is next enters.</summary>
    public void Leave(FillPlace place)
    {
        GiveUp(place, FillTurn.Abandoned);
        lock (_lock)
        {
            if (place.State == FillPlaceState.Entered)
            {
                place.State = FillPlaceState.Left;
                place.Tenant.Entered--;
                _entered--;
                TakeTurn_NeedsLock(place.Tenant);
                Grant_NeedsLock();
                Forget_NeedsLock(place.Tenant);
            }
        }
    }

    // Whoever may enter has done so before this lock was taken, so that room means that nobody waits for it.
    private bool HasRoom_NeedsLock(Tenant tenant) => _entered < _bounds.Total && tenant.Entered < _bounds.PerTenant;

    private void Enter_NeedsLock(FillPlace place)
    {
        place.State = FillPlaceState.Entered;
        place.Tenant.Entered++;
        _entered++;
    }

    private void Grant_NeedsLock()
    {
        while (_entered < _bounds.Total && _turns.TryDequeue(out var tenant))
        {
            tenant.HasTurn = false;
            if (tenant.Waiters.First is { } first && tenant.Entered < _bounds.PerTenant)
            {
                tenant.Waiters.RemoveFirst();
                _waiting--;
                Enter_NeedsLock(first.Value);
                first.Value.Enter();
                TakeTurn_NeedsLock(tenant);
            }

            Forget_NeedsLock(tenant);
        }
    }

    private void TakeTurn_NeedsLock(Tenant tenant)
    {
        if (!tenant.HasTurn && tenant.Waiters.Count > 0 && tenant.Entered < _bounds.PerTenant)
        {
            tenant.HasTurn = true;
            _turns.Enqueue(tenant);
        }
    }

    // After a reload with wider bounds, those who wait need not wait until somebody leaves.
    private void Follow_NeedsLock(in FillBounds bounds)
    {
        if (bounds == _bounds)
        {
            return;
        }

        _bounds = bounds;
        foreach (var (_, tenant) in _tenants.ToArray())
        {
            TakeTurn_NeedsLock(tenant);
        }

        Grant_NeedsLock();
    }

    private Tenant Find_NeedsLock(string name)
    {
        if (!_tenants.TryGetValue(name, out var tenant))
        {
            tenant = new Tenant(name);
            _tenants.Add(name, tenant);
        }

        return tenant;
    }

    private void Forget_NeedsLock(Tenant tenant)
    {
        if (tenant is { Entered: 0, Waiters.Count: 0, HasTurn: false })
        {
            _tenants.Remove(tenant.Name);
        }
    }

    internal sealed class Tenant(string name)
    {
        public string Name => name;

        public LinkedList<FillPlace> Waiters { get; } = new();

        public int Entered { get; set; }

        public bool HasTurn { get; set; }
    }
}

/// <summary>A place at the API, or in the queue for one.</summary>
internal sealed class FillPlace(FillLimiter limiter, FillLimiter.Tenant tenant)
{
    private TaskCompletionSource<FillTurn>? _turn;

    public FillLimiter.Tenant Tenant => tenant;

    /// <summary>Only the limiter changes it, under its lock.</summary>
    public FillPlaceState State { get; set; }

    public LinkedListNode<FillPlace>? Waiting { get; private set; }

    public bool IsQueued => _turn is not null;

    public void Wait(LinkedListNode<FillPlace> waiting)
    {
        Waiting = waiting;
        // Continuations run elsewhere: the turn comes under the limiter's lock.
        _turn = new TaskCompletionSource<FillTurn>(TaskCreationOptions.RunContinuationsAsynchronously);
        State = FillPlaceState.Waiting;
    }

    public void Enter() => _turn!.SetResult(FillTurn.Entered);

    public void End(FillTurn turn)
    {
        State = FillPlaceState.Left;
        _turn!.SetResult(turn);
    }

    /// <param name="limit">How long.</param>
    /// <param name="time">By this clock.</param>
    /// <param name="abandoned">Fires when nobody wants the answer any more.</param>
    public async Task<FillTurn> WaitAsync(TimeSpan limit, TimeProvider time, CancellationToken abandoned)
    {
        await using var timer = time.CreateTimer(
            static state => ((FillPlace)state!).GiveUp(FillTurn.TimedOut), this, limit, Timeout.InfiniteTimeSpan);
        await using var registration = abandoned.UnsafeRegister(static state => ((FillPlace)state!).GiveUp(FillTurn.Abandoned), this);
        return await _turn!.Task;
    }

    public void Leave() => limiter.Leave(this);

    private void GiveUp(FillTurn turn) => limiter.GiveUp(this, turn);
}

internal enum FillPlaceState
{
    /// <summary>It has no place any more, or never had one.</summary>
    Left,
    Waiting,
    Entered,
}

/// <summary>How the waiting for a place has ended.</summary>
internal enum FillTurn
{
    Entered,
    TimedOut,

    /// <summary>Nobody wants the answer any more.</summary>
    Abandoned,
}

/// <summary>How many fills of a policy, and of one of its tenants, may be at the API at a time.</summary>
internal readonly record struct FillBounds(int Total, int PerTenant)
{
    public static FillBounds Of(CachePolicyOptions policy) => new(OrAny(policy.MaxConcurrentFills), OrAny(policy.MaxConcurrentFillsPerTenant));

    private static int OrAny(int bound) => bound == 0 ? int.MaxValue : bound;
}
