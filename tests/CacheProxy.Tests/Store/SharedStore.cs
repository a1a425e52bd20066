using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using CacheProxy.Tests.Store.Memory;

namespace CacheProxy.Tests.Store;

/// <summary>
/// A store in memory that several replicas share as they share a Redis: each has a view of it, and what they hold is beside the resources. Each
/// step is one piece, as a script is.
/// </summary>
internal sealed class SharedStore : IAsyncDisposable
{
    private readonly Lock _step = new();
    private readonly TimeProvider _time;
    private Dictionary<ResourceKey, Dictionary<string, Held>> _held = [];
    private Dictionary<ResourceKey, Dictionary<string, Held>> _saved = [];
    private readonly SharedStoreDamage _damage;
    private int _epoch;
    private long? _inUseSinceMs = 0;

    /// <param name="time">The clock.</param>
    /// <param name="damage">What is wrong with its steps.</param>
    public SharedStore(TimeProvider time, SharedStoreDamage damage = SharedStoreDamage.None)
    {
        (_time, _damage) = (time, damage);
        Memory = new MemoryStore(time);
    }

    /// <summary>What the replicas send each other, and what the store sends them.</summary>
    public ReplicaBus Bus { get; } = new();

    /// <summary>The resources, without what is held.</summary>
    public MemoryStore Memory { get; private set; }

    /// <summary>How long replicas may hold what another Redis has granted them: the longest lease and its margin.</summary>
    public TimeSpan GraceLength { get; set; }

    /// <summary>The store as one replica sees it.</summary>
    public ReplicaView ViewOf(string replica) => new(this, Bus.Join(replica));

    /// <summary>The fields <c>held:R</c> of a resource that have not run out.</summary>
    public Holder[] HoldersOf(ResourceKey key)
    {
        lock (_step)
        {
            return [.. Live(key).Select(field => new Holder(field.Key, field.Value.Number, Left(field.Value)))];
        }
    }

    /// <summary>Whether anything is held of anything.</summary>
    public bool HoldsAnything
    {
        get
        {
            lock (_step)
            {
                return _held.Keys.ToArray().Any(key => Live(key).Count > 0);
            }
        }
    }

    /// <summary>Deletes the resource with all that is held of it, as <c>DEL</c> does.</summary>
    public void Delete(ResourceKey key)
    {
        lock (_step)
        {
            Memory.Delete(key);
            _held.Remove(key);
        }
    }

    /// <summary>It saves what is held.</summary>
    public void Save()
    {
        lock (_step)
        {
            _saved = _held.ToDictionary(static resource => resource.Key, static resource => new Dictionary<string, Held>(resource.Value));
        }
    }

    /// <summary>
    /// It comes back under another replication id, with the fields <c>held:R</c> that it saved or with none. The entries count for nothing
    /// then, and the fences are lost.
    /// </summary>
    public void Restart(bool withMemory)
    {
        lock (_step)
        {
            // With its timer.
            Memory.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Memory = new MemoryStore(_time);
            _held = withMemory ? _saved : [];
            _saved = [];
            _epoch++;
            _inUseSinceMs = null;
        }
    }

    public ValueTask DisposeAsync() => Memory.DisposeAsync();

    /// <summary>One step that may take a lease for a replica.</summary>
    internal T Hold<T>(ResourceKey key, string replica, HoldRequest hold, Func<MemoryStore, ValueTask<T>> step, Func<T, bool> isFound, Func<T, T> held)
    {
        lock (_step)
        {
            var found = Done(step);
            // Behind any fence, live or expired, nothing is found.
            if (!isFound(found))
            {
                return found;
            }

            if (!_held.TryGetValue(key, out var fields))
            {
                _held[key] = fields = [];
            }

            var length = (long)hold.Length.TotalMilliseconds;
            var old = fields.GetValueOrDefault(replica);
            // A longer lease that stands was granted by another MemoryTtl, and a copy may rely on it: its length stays with it.
            fields[replica] = new Held(
                Math.Max(old.DeadlineMs, NowMs + length),
                old.DeadlineMs > NowMs + length ? Math.Max(old.LengthMs, length) : length,
                _damage == SharedStoreDamage.HoldLowersNumber ? hold.Number : Math.Max(old.Number, hold.Number),
                _epoch);
            return held(found);
        }
    }

    internal void Release(ResourceKey key, string replica, long number)
    {
        lock (_step)
        {
            GiveBack(key, replica, number);
        }
    }

    /// <summary>One step that tells the holders.</summary>
    internal WriteStep Write(ResourceKey key, string replica, long number, bool evicts, Func<MemoryStore, ValueTask<WriteStep>> step)
    {
        WriteStep done;
        lock (_step)
        {
            GiveBack(key, replica, number);
            done = Done(step) with { Grace = Grace() };
            Holder[] others = [.. HoldersOf(key).Where(holder => holder.Replica != replica)];
            done = others.Length > 0 ? done with { Holders = others } : done;
            if (evicts && _damage == SharedStoreDamage.EvictionRemovesHeld)
            {
                _held.Remove(key);
            }
        }

        foreach (var holder in done.Holders ?? [])
        {
            Bus.Send(new ReplicaMessage(holder.Replica, key, replica));
        }

        return done;
    }

    /// <summary>One step that has nothing to do with what is held.</summary>
    internal T Take<T>(Func<MemoryStore, T> step)
    {
        lock (_step)
        {
            return step(Memory);
        }
    }

    private long NowMs => Memory.NowMs;

    // The memory store is done at once.
    private T Done<T>(Func<MemoryStore, ValueTask<T>> step) => step(Memory).AsTask().GetAwaiter().GetResult();

    private void GiveBack(ResourceKey key, string replica, long number)
    {
        if (_held.TryGetValue(key, out var fields) && fields.TryGetValue(replica, out var own) && own.Number < number)
        {
            fields.Remove(replica);
        }
    }

    private Dictionary<string, Held> Live(ResourceKey key)
    {
        if (!_held.TryGetValue(key, out var fields))
        {
            return [];
        }

        foreach (var (replica, held) in fields)
        {
            if (held.DeadlineMs <= NowMs)
            {
                fields.Remove(replica);
            }
        }

        if (fields.Count == 0)
        {
            _held.Remove(key);
        }

        return fields;
    }

    // Where another node granted it, by a clock of its own, nothing is known but its length.
    private TimeSpan Left(in Held held) => TimeSpan.FromMilliseconds(
        held.Epoch == _epoch ? Math.Min(held.LengthMs, held.DeadlineMs - NowMs) : held.LengthMs);

    private TimeSpan Grace()
    {
        if (GraceLength == TimeSpan.Zero)
        {
            return TimeSpan.Zero;
        }

        _inUseSinceMs ??= NowMs;
        var left = TimeSpan.FromMilliseconds(_inUseSinceMs.Value - NowMs) + GraceLength;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private readonly record struct Held(long DeadlineMs, long LengthMs, long Number, int Epoch);
}

/// <summary>What is wrong with the steps of a shared store.</summary>
internal enum SharedStoreDamage
{
    None,

    /// <summary>A hold that comes late takes the number back to its own.</summary>
    HoldLowersNumber,

    /// <summary>An eviction removes what is held with the entries.</summary>
    EvictionRemovesHeld,
}
