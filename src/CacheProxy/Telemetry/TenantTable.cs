using System.Collections.Concurrent;

namespace CacheProxy.Telemetry;

/// <summary>
/// Counts requests by tenant, for the busiest tenants only: at most <see cref="Capacity"/> have counters of their own, all others have one in
/// common. A name that nobody knows takes no memory, however many such names are made up; to take the place of another tenant, it must be seen
/// more often.
/// </summary>
/// <remarks>
/// Who has no place is counted in a sketch (count-min with conservative update), which forgets half of everything each minute, as the places
/// do with the scores by which they are compared. A counter only grows: a tenant that gets a place begins at 0 there, and what was counted in
/// common before stays there.
/// </remarks>
internal sealed class TenantTable
{
    /// <summary>Stands for all tenants without counters of their own: no tenant's name, and what configuration calls them, too.</summary>
    public const string Rest = "*";

    public const int MostTenants = 1000;

    private static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Place> _places = new(StringComparer.Ordinal);
    private readonly Place _rest = new(Rest);
    private readonly Lock _change = new();
    private readonly TimeProvider _time;
    private readonly int _replacementsEachMinute;
    private TenantSketch? _sketch;
    private long _halved;
    private int _replacementsLeft;
    private long _bar;

    /// <param name="capacity">How many tenants have counters of their own; 0: nothing is counted.</param>
    /// <param name="time">The clock.</param>
    public TenantTable(int capacity, TimeProvider time)
    {
        (Capacity, _time, _halved) = (capacity, time, time.GetTimestamp());
        _replacementsEachMinute = _replacementsLeft = Math.Max(1, capacity / 10);
    }

    public int Capacity { get; }

    /// <summary>Whether anything is counted.</summary>
    public bool Counts => Capacity > 0;

    /// <summary>Counts one request. Takes no memory for a tenant that has a place, or is to have none.</summary>
    public void Count(string tenant, TenantOutcome outcome)
    {
        if (!_places.TryGetValue(tenant, out var place))
        {
            place = Counts ? PlaceOf(tenant) : _rest;
        }

        place.Count(outcome);
    }

    /// <summary>The busiest tenants since each got its place, most requests first, and <see cref="Rest"/> at the end.</summary>
    public TenantRequests[] Read() =>
        [.. _places.Values.Select(static place => place.Read()).OrderByDescending(static tenant => tenant.Requests), _rest.Read()];

    /// <summary>Drops the counters of a tenant, such as one that is erased. What it does from now on is counted anew.</summary>
    public void Forget(string tenant)
    {
        _places.TryRemove(tenant, out _);
        Volatile.Write(ref _bar, 0);
    }

    // The request of a tenant that has no place: mostly it is counted with the rest, without a lock.
    private Place PlaceOf(string tenant)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _halved)) >= HalfLife)
        {
            Halve();
        }

        // The first that finds no place makes the sketch.
        if (_sketch is { } sketch && sketch.Add(tenant) <= Volatile.Read(ref _bar))
        {
            return _rest;
        }

        // Whoever finds it taken is counted with the rest this time.
        if (!_change.TryEnter())
        {
            return _rest;
        }

        try
        {
            return Enter_NeedsLock(tenant);
        }
        finally
        {
            _change.Exit();
        }
    }

    private Place Enter_NeedsLock(string tenant)
    {
        if (_places.TryGetValue(tenant, out var own))
        {
            return own;
        }

        if (_places.Count >= Capacity)
        {
            _sketch ??= new TenantSketch();
            var least = _places.Values.MinBy(static place => place.Score)!;
            // Twice as many, so that two that are alike do not take turns.
            _bar = _replacementsLeft == 0 ? long.MaxValue : (2 * least.Score) + 8;
            if (_sketch.Estimate(tenant) <= _bar)
            {
                return _rest;
            }

            _replacementsLeft--;
            _places.TryRemove(least.Tenant, out _);
        }

        var place = new Place(tenant) { Score = _sketch?.Estimate(tenant) ?? 0 };
        _places[tenant] = place;
        return place;
    }

    private void Halve()
    {
        if (!_change.TryEnter())
        {
            return;
        }

        try
        {
            var minutes = (int)Math.Min(_time.GetElapsedTime(_halved) / HalfLife, 62);
            if (minutes == 0)
            {
                return;
            }

            foreach (var place in _places.Values)
            {
                place.Score >>= minutes;
            }

            _sketch?.Halve(minutes);
            _bar = 0;
            _replacementsLeft = _replacementsEachMinute;
            _halved = _time.GetTimestamp();
        }
        finally
        {
            _change.Exit();
        }
    }

    private sealed class Place(string tenant)
    {
        private readonly long[] _counts = new long[Enum.GetValues<TenantOutcome>().Length];
        private long _score;

        public string Tenant => tenant;

        /// <summary>How busy it is lately; halved now and then, and not exact.</summary>
        public long Score
        {
            get => Volatile.Read(ref _score);
            set => Volatile.Write(ref _score, value);
        }

        public void Count(TenantOutcome outcome)
        {
            Interlocked.Increment(ref _counts[(int)outcome]);
            _score++;
        }

        public TenantRequests Read() => new(
            tenant, Of(TenantOutcome.Hit), Of(TenantOutcome.Stale), Of(TenantOutcome.Collapsed), Of(TenantOutcome.Fill), Of(TenantOutcome.Forward));

        private long Of(TenantOutcome outcome) => Volatile.Read(ref _counts[(int)outcome]);
    }
}

/// <summary>What became of a tenant's request.</summary>
internal enum TenantOutcome
{
    Hit,
    Stale,
    Collapsed,
    Fill,
    Forward,
}

/// <summary>How many requests a tenant had, by what became of them.</summary>
internal readonly record struct TenantRequests(string Tenant, long Hits, long Stale, long Collapsed, long Fills, long Forwards)
{
    public long Requests => Hits + Stale + Collapsed + Fills + Forwards;

    /// <summary>Those that the API was not asked for.</summary>
    public long Saved => Hits + Stale + Collapsed;
}

/// <summary>
/// About how often each name was seen: never less often than it was, and seldom much more (count-min, four rows, 128 KiB). Not exact where
/// two threads count at once, which does no harm here.
/// </summary>
internal sealed class TenantSketch
{
    private const int Rows = 4;
    private const int Width = 8192;

    private readonly int[] _cells = new int[Rows * Width];

    /// <returns>The estimate, with this time.</returns>
    public int Add(string name)
    {
        var next = Estimate(name) + 1;
        var hash = Hash(name);
        for (var row = 0; row < Rows; row++)
        {
            ref var cell = ref _cells[Cell(hash, row)];
            // Only what would be too low is raised: fewer names are taken for busier than they are.
            cell = Math.Max(cell, next);
        }

        return next;
    }

    public int Estimate(string name)
    {
        var hash = Hash(name);
        var least = int.MaxValue - 1;
        for (var row = 0; row < Rows; row++)
        {
            least = Math.Min(least, _cells[Cell(hash, row)]);
        }

        return least;
    }

    public void Halve(int times)
    {
        for (var i = 0; i < _cells.Length; i++)
        {
            _cells[i] = times > 30 ? 0 : _cells[i] >> times;
        }
    }

    // Another hash in each process: nobody can make up names that fall together.
    private static ulong Hash(string name) => (uint)name.GetHashCode(StringComparison.Ordinal) * 0x9E3779B97F4A7C15UL;

    private static int Cell(ulong hash, int row) => (row * Width) + (int)((hash >> (12 * row)) % Width);
}
