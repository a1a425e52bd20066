using System.Collections.Concurrent;
using CacheProxy.Identity;

namespace CacheProxy.Store.Memory;

/// <summary>
/// The indexes of all resources that others contain. They are never dropped for lack of memory, but what they take leaves less to entries.
/// </summary>
/// <param name="nowMs">The store's clock.</param>
/// <param name="budget">The memory that entries and indexes share.</param>
internal sealed class MemoryIndexes(Func<long> nowMs, MemoryBudget budget)
{
    private readonly ConcurrentDictionary<string, MemoryIndex> _indexes = new(StringComparer.Ordinal);

    public int Count => _indexes.Count;

    /// <summary>As they would be called in Redis.</summary>
    public IEnumerable<string> Keys => _indexes.Keys.Select(static key => key + DependentIndex.Suffix);

    public Registration Register(ResourceKey key, ResourceKey dependent, TimeSpan life, int mostDependents)
    {
        var index = Enter(key);
        try
        {
            return index.Register(dependent.Value, nowMs(), (long)life.TotalMilliseconds, mostDependents);
        }
        finally
        {
            Leave(index);
        }
    }

    public IndexedWrite BeginWrite(ResourceKey key, IndexToken token, TimeSpan deadline)
    {
        var index = Enter(key);
        try
        {
            return new IndexedWrite(StoreOutcome.Done, index.BeginWrite(token, nowMs(), (long)deadline.TotalMilliseconds));
        }
        finally
        {
            Leave(index);
        }
    }

    public IndexRenewal RenewWrite(ResourceKey key, IndexToken token, TimeSpan deadline)
    {
        var index = Enter(key);
        try
        {
            return index.RenewWrite(token, nowMs(), (long)deadline.TotalMilliseconds) ? IndexRenewal.Renewed : IndexRenewal.Lost;
        }
        finally
        {
            Leave(index);
        }
    }

    public IndexedWrite EndWrite(ResourceKey key, IndexToken token, bool changed)
    {
        var index = Enter(key);
        try
        {
            return new IndexedWrite(StoreOutcome.Done, index.EndWrite(token, nowMs(), changed));
        }
        finally
        {
            Leave(index);
        }
    }

    /// <summary>Removes what has expired.</summary>
    public void Sweep()
    {
        foreach (var index in _indexes.Values)
        {
            Monitor.Enter(index);
            index.Sweep(nowMs());
            Leave(index);
        }
    }

    /// <summary>The index with its lock held; made if it does not exist.</summary>
    private MemoryIndex Enter(ResourceKey key)
    {
        while (true)
        {
            var index = _indexes.GetOrAdd(key.Value, static key => new MemoryIndex(key));
            Monitor.Enter(index);
            if (!index.IsGone)
            {
                return index;
            }

            Monitor.Exit(index);
        }
    }

    private void Leave(MemoryIndex index)
    {
        budget.AddShared(index.TakeGrowth());
        if (index.IsOver(nowMs()))
        {
            index.IsGone = true;
            budget.AddShared(index.TakeGrowth());
            _indexes.TryRemove(KeyValuePair.Create(index.Key, index));
        }

        Monitor.Exit(index);
    }
}

/// <summary>What is known of one resource's dependents and writes, as the index's hash in Redis has it. Every member needs the lock of this object.</summary>
internal sealed class MemoryIndex(string key)
{
    // Rough estimates of the objects that belong to an index, and to each dependent.
    private const int Overhead = 400;
    private const int DependentOverhead = 80;

    private readonly Dictionary<string, long> _dependents = new(StringComparer.Ordinal);
    private readonly Dictionary<IndexToken, long> _writes = [];
    private long? _markMs;
    private long _counted;
    private long _bytes = Overhead;
    private long _sweptMs;

    public string Key => key;

    /// <summary>Whether it has left the table and must not be used any more.</summary>
    public bool IsGone
    {
        get;
        set
        {
            field = value;
            _bytes = 0;
        }
    }

    /// <summary>What it has grown by since this was asked last.</summary>
    public long TakeGrowth()
    {
        var growth = _bytes - _counted;
        _counted = _bytes;
        return growth;
    }

    public bool IsOver(long nowMs)
    {
        if (_writes.Count > 0 || _markMs + (long)DependentIndex.MarkStands.TotalMilliseconds > nowMs)
        {
            return false;
        }

        foreach (var until in _dependents.Values)
        {
            if (until > nowMs)
            {
                return false;
            }
        }

        return true;
    }

    public Registration Register(string dependent, long nowMs, long lifeMs, int mostDependents)
    {
        EndExpired(nowMs);
        if (_writes.Count > 0)
        {
            return new Registration(RegistrationOutcome.Written);
        }

        var isKnown = _dependents.TryGetValue(dependent, out var until);
        if (!isKnown && _dependents.Count >= mostDependents)
        {
            SweepOnceASecond(nowMs);
            if (_dependents.Count >= mostDependents)
            {
                return new Registration(RegistrationOutcome.Full);
            }
        }

        _dependents[dependent] = Math.Max(until, nowMs + lifeMs);
        _bytes += isKnown ? 0 : Size(dependent);
        return new Registration(RegistrationOutcome.Registered, nowMs - _markMs);
    }

    public ResourceKey[] BeginWrite(IndexToken token, long nowMs, long deadlineMs)
    {
        EndExpired(nowMs);
        _writes[token] = nowMs + deadlineMs;
        Sweep(nowMs);
        return Dependents();
    }

    public bool RenewWrite(IndexToken token, long nowMs, long deadlineMs)
    {
        EndExpired(nowMs);
        if (!_writes.ContainsKey(token))
        {
            return false;
        }

        _writes[token] = nowMs + deadlineMs;
        return true;
    }

    public ResourceKey[] EndWrite(IndexToken token, long nowMs, bool changed)
    {
        EndExpired(nowMs);
        var stood = _writes.ContainsKey(token);
        foreach (var write in _writes.Keys)
        {
            if (write.Write == token.Write)
            {
                _writes.Remove(write);
            }
        }

        if (!changed)
        {
            return [];
        }

        _markMs = nowMs;
        Sweep(nowMs);
        return stood ? [] : Dependents();
    }

    public void Sweep(long nowMs)
    {
        EndExpired(nowMs);
        _sweptMs = nowMs;
        foreach (var (dependent, until) in _dependents)
        {
            if (until <= nowMs)
            {
                _dependents.Remove(dependent);
                _bytes -= Size(dependent);
            }
        }
    }

    // A write past its deadline has ended by then, whatever it did.
    private void EndExpired(long nowMs)
    {
        foreach (var (token, deadline) in _writes)
        {
            if (deadline <= nowMs)
            {
                _writes.Remove(token);
                _markMs = Math.Max(_markMs ?? 0, deadline);
            }
        }
    }

    private void SweepOnceASecond(long nowMs)
    {
        if (nowMs - _sweptMs >= 1000)
        {
            Sweep(nowMs);
        }
    }

    private ResourceKey[] Dependents()
    {
        var keys = new ResourceKey[_dependents.Count];
        var i = 0;
        foreach (var dependent in _dependents.Keys)
        {
            keys[i++] = new ResourceKey(dependent);
        }

        return keys;
    }

    private static long Size(string dependent) => DependentOverhead + (2 * dependent.Length);
}

/// <summary>One process has one memory, which entries and indexes lose together.</summary>
internal sealed class MemoryVersions : IIndexVersions
{
    public string? Of(string key) => "";

    public bool MayDrop(string key) => false;
}
