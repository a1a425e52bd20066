using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>
/// The requests of one policy that were made most of late: estimates that decay. Bounded: when it is full, the half with the lower counts
/// goes. What is asked for often comes back at once, what is not has no chance to grow.
/// </summary>
internal sealed class HotTable
{
    private const double LeastUsualShare = 0.3;
    private const int MissesToTell = 30;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _byText = new(StringComparer.Ordinal);
    private readonly Dictionary<FlightKey, Entry> _byKey = [];
    private double _hits;
    private double _misses;
    private double _usualShare = -1;

    /// <summary>How many are wanted of it; it knows up to four times as many.</summary>
    public int Top { get; set; }

    private int Most => 4 * Top;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byText.Count;
            }
        }
    }

    /// <summary>Counts a request that is known.</summary>
    public bool TryCount(FlightKey key, double weight, bool isHit)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(key, out var entry))
            {
                return false;
            }

            entry.Count += weight;
            entry.Unshared += weight;
            (_hits, _misses) = isHit ? (_hits + weight, _misses) : (_hits, _misses + weight);
            return true;
        }
    }

    public void Add(FlightKey key, string text, double weight)
    {
        lock (_lock)
        {
            var entry = Find_NeedsLock(text);
            entry.Count += weight;
            entry.Unshared += weight;
            _byKey[key] = entry;
            Prune_NeedsLock();
        }
    }

    /// <summary>Takes over what others know.</summary>
    public void Learn(IEnumerable<HotCount> counts)
    {
        lock (_lock)
        {
            foreach (var (text, count) in counts)
            {
                var entry = Find_NeedsLock(text);
                entry.Count = Math.Max(entry.Count, count);
            }

            Prune_NeedsLock();
        }
    }

    /// <summary>The hottest. No tenant has more than half of them unless the others have nothing else.</summary>
    public HotCount[] Hottest(int most)
    {
        lock (_lock)
        {
            return [.. Chosen_NeedsLock(most).Select(static entry => new HotCount(entry.Text, entry.Count))];
        }
    }

    /// <summary>What was counted since the last time.</summary>
    public HotCount[] TakeUnshared()
    {
        lock (_lock)
        {
            var taken = _byText.Values.Where(static entry => entry.Unshared > 0).Select(static entry => new HotCount(entry.Text, entry.Unshared)).ToArray();
            foreach (var (_, entry) in _byText)
            {
                entry.Unshared = 0;
            }

            return taken;
        }
    }

    /// <summary>Others did not take it: it is shared the next time.</summary>
    public void GiveBack(IEnumerable<HotCount> counts)
    {
        lock (_lock)
        {
            foreach (var (text, count) in counts)
            {
                if (_byText.TryGetValue(text, out var entry))
                {
                    entry.Unshared += count;
                }
            }
        }
    }

    public void Decay(double factor)
    {
        lock (_lock)
        {
            foreach (var (_, entry) in _byText)
            {
                entry.Count *= factor;
            }
        }
    }

    /// <summary>
    /// Whether what is known to be asked for often is now missed so often that the store must have lost it. Expiry alone changes the share of
    /// misses slowly.
    /// </summary>
    public bool HasLostItsEntries()
    {
        lock (_lock)
        {
            if (_misses < MissesToTell && _hits < MissesToTell)
            {
                return false;
            }

            var share = _hits / (_hits + _misses);
            var lost = _misses >= MissesToTell && _usualShare >= LeastUsualShare && share < _usualShare / 2;
            _usualShare = lost ? _usualShare : _usualShare < 0 ? share : (0.9 * _usualShare) + (0.1 * share);
            (_hits, _misses) = (0, 0);
            return lost;
        }
    }

    private Entry Find_NeedsLock(string text)
    {
        if (!_byText.TryGetValue(text, out var entry))
        {
            entry = new Entry(text);
            _byText.Add(text, entry);
        }

        return entry;
    }

    private void Prune_NeedsLock()
    {
        if (_byText.Count <= Most && _byKey.Count <= 2 * Most)
        {
            return;
        }

        var kept = Chosen_NeedsLock(Most / 2).ToHashSet();
        foreach (var (text, entry) in _byText)
        {
            if (!kept.Contains(entry))
            {
                _byText.Remove(text);
            }
        }

        foreach (var (key, entry) in _byKey)
        {
            if (!kept.Contains(entry) || _byKey.Count > Most)
            {
                _byKey.Remove(key);
            }
        }
    }

    private List<Entry> Chosen_NeedsLock(int most)
    {
        var chosen = new List<Entry>(most);
        var later = new List<Entry>();
        var ofTenant = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in _byText.Values.OrderByDescending(static entry => entry.Count))
        {
            if (chosen.Count == most)
            {
                break;
            }

            var tenant = HotRequest.TenantOf(entry.Text).ToString();
            var count = ofTenant.GetValueOrDefault(tenant);
            ofTenant[tenant] = count + 1;
            (2 * count < most ? chosen : later).Add(entry);
        }

        chosen.AddRange(later.Take(most - chosen.Count));
        return chosen;
    }

    private sealed class Entry(string text)
    {
        public string Text => text;

        public double Count { get; set; }

        public double Unshared { get; set; }
    }
}
