using CacheProxy.Bench.Load.Peers;
using CacheProxy.Bench.Load.Traffic;

namespace CacheProxy.Bench.Load.Measures;

/// <summary>All measures, in the order in which they are taken; and the peers that stay up between them.</summary>
internal sealed class Plan(Site site, Scale scale) : IDisposable
{
    private const int HotKeys = 100;

    // More than any number of look-ups after which a copy is held.
    private const int LooksUntilHeld = 30;

    // When each customer is asked for hundreds of times a second. A copy has to be held anew now and then.
    private const double MostCommandsAHit = 0.1;

    private readonly Gauge _gauge = new(site.Origin);
    private readonly Dictionary<(Peer Peer, int Instances), Subject> _running = [];
    private readonly Dictionary<(Peer Peer, int Instances), Mix> _mixes = [];
    private int _firstUnused = 10_000_000;

    public IReadOnlyList<Measure> Measures =>
    [
        new("start", "Start to the first answer", scale.Starts, Measure.IsMeasuredFully, (peer, _) => new Footprint(site, _gauge, scale).Start(peer)),
        new("hit-saturated", "Hits, saturated", scale.Rounds, Measure.Caches, (peer, round) => OfCopies(peer, Hits(peer, round, static time => Pace.Saturated(time), scale.Saturated))),
        new("hit-500", "Hits at 500/s", scale.Rounds, Measure.Caches, (peer, round) => Hits(peer, round, time => Pace.Poisson(500, time, round), scale.AtRate)),
        new("hit-2000", "Hits at 2,000/s", scale.Rounds, Measure.Caches, (peer, round) => Hits(peer, round, time => Pace.Poisson(2000, time, round), scale.AtRate)),
        new("miss", "Misses and fills, saturated", scale.Rounds, Measure.CachesAndIsMeasuredFully, (peer, _) => Misses(peer)),
        new("pass-through", "Uncached route, saturated", scale.Rounds, Measure.IsMeasuredFully, (peer, _) => PassThrough(peer)),
        new("mix-cold", "Mix at 1,500/s, first seconds of a process", scale.Rounds, Measure.CachesAndIsMeasuredFully, MixCold),
        new("mix-warm", "Mix at 1,500/s, warm", scale.Rounds, Measure.Caches, (peer, round) => MixWarm(peer, round, 1)),
        new("mix-two", "Mix at 1,500/s, warm, two instances", scale.Rounds, Measure.CachesAndIsMeasuredFully, (peer, round) => MixWarm(peer, round, 2)),
        new("write-held", "Writes to what other instances hold", 1, static peer => peer.Holds && Measure.CachesAndIsMeasuredFully(peer), (peer, _) => WriteHeld(peer)),
        new("size-16", "Hits of 16 KB, saturated", 1, Measure.CachesAndIsMeasuredFully, (peer, round) => Large(peer, round, CustomerKind.Medium)),
        new("size-256", "Hits of 256 KB, saturated", 1, Measure.CachesAndIsMeasuredFully, (peer, round) => Large(peer, round, CustomerKind.Large)),
        .. scale.KeyCounts.Select(keys => new Measure(
            $"keys-{keys}", $"Hits among {keys:N0} keys", 1, peer => Measure.CachesAndIsMeasuredFully(peer) && keys <= peer.MostKeys, (peer, round) => ManyKeys(peer, round, keys))),
        new("stale", "Two instances, one write in ten", 1, Measure.CachesAndIsMeasuredFully, (peer, _) => Stale(peer)),
        new("memory", "Resident memory", 1, Measure.IsMeasuredFully, (peer, _) => new Footprint(site, _gauge, scale).Memory(peer)),
    ];

    /// <summary>Ends the peer, for its memory, or because it is not to be trusted any more.</summary>
    public void Stop(Peer peer)
    {
        Stop((peer, 1));
        Stop((peer, 2));
    }

    public void Dispose()
    {
        foreach (var subject in _running.Values)
        {
            subject.Dispose();
        }
    }

    /// <summary>The peer that has run since its first measure. What is compiled while it runs is compiled before it is measured.</summary>
    private Subject Warm(Peer peer, int instances = 1)
    {
        if (!_running.TryGetValue((peer, instances), out var subject))
        {
            _running[(peer, instances)] = subject = Subject.WithRedisInUse(site, peer, scale.Use, instances);
            for (var i = 0; i < scale.WarmUps; i++)
            {
                WarmUp(subject);
                // A just-in-time compiler goes on to its next tier only when nothing new has come up for a while.
                Thread.Sleep(scale.Settle);
            }
        }

        return subject;
    }

    private void Stop((Peer Peer, int Instances) which)
    {
        if (_running.Remove(which, out var subject))
        {
            // What the mix believes to be cached went with it.
            _mixes.Remove(which);
            subject.Dispose();
        }
    }

    private void WarmUp(Subject subject)
    {
        _gauge.Run(subject, Asks.PassThrough(scale.WarmUp / 4, subject.Instances), Pace.UntilDone);
        if (subject.Peer.Scope != PeerScope.PassThrough)
        {
            _gauge.Fill(subject, scale.WarmUp / 10, CustomerKind.Small, Unused(scale.WarmUp / 10));
            _gauge.Fill(subject, HotKeys, CustomerKind.Small);
            _gauge.Run(subject, Asks.Again(HotKeys, CustomerKind.Small, 0, scale.WarmUp, subject.Instances), Pace.UntilDone);
        }
    }

    private Values Hits(Peer peer, int round, Func<TimeSpan, Pace> pace, TimeSpan time)
    {
        var subject = Warm(peer);
        _gauge.Fill(subject, HotKeys, CustomerKind.Small);
        if (peer.Holds)
        {
            // From the first request on they are hits of copies, as they are of a cache in memory.
            _gauge.Run(subject, Asks.Again(HotKeys, CustomerKind.Small, round, HotKeys * LooksUntilHeld), Pace.UntilDone);
        }

        return _gauge.RunExpecting(0, subject, Asks.Again(HotKeys, CustomerKind.Small, round), () => pace(time));
    }

    private static Values OfCopies(Peer peer, Values values) => !peer.Holds || values["redis-commands"] < MostCommandsAHit
        ? values
        : throw new BenchFailure($"Redis had {values["redis-commands"]:0.00} commands a request: these were not hits of copies");

    private Values Misses(Peer peer) => _gauge.RunExpecting(
        1, Warm(peer), Asks.Once(scale.Misses, CustomerKind.Small, Unused(scale.Misses)), Pace.UntilDone);

    private Values PassThrough(Peer peer) => _gauge.RunExpecting(1, Warm(peer), Asks.PassThrough(), () => Pace.Saturated(scale.Saturated));

    private Values Large(Peer peer, int round, CustomerKind kind)
    {
        var subject = Warm(peer);
        _gauge.Fill(subject, HotKeys, kind);
        return _gauge.RunExpecting(0, subject, Asks.Again(HotKeys, kind, round), () => Pace.Saturated(scale.Saturated));
    }

    private Values MixCold(Peer peer, int round)
    {
        using var subject = Subject.WithRedisInUse(site, peer, scale.Use);
        return Mixed(subject, NewMix(1), round);
    }

    private Values MixWarm(Peer peer, int round, int instances)
    {
        var subject = Warm(peer, instances);
        if (!_mixes.TryGetValue((peer, instances), out var mix))
        {
            _mixes[(peer, instances)] = mix = NewMix(instances);
            Mixed(subject, mix, 0);
        }

        var values = Mixed(subject, mix, round);
        if (instances > 1 && round == scale.Rounds)
        {
            Stop((peer, instances));
        }

        return values;
    }

    private Values WriteHeld(Peer peer)
    {
        using var subject = Subject.WithRedisInUse(site, peer, scale.Use, HeldWrites.Instances);
        return new HeldWrites(subject, Unused(HeldWrites.Customers(scale.HeldWrites))).Run(scale.HeldWrites);
    }

    /// <summary>20 tenants with 10,000 customers in all, 3 writes in a hundred requests.</summary>
    private Mix NewMix(int instances) => new(10_000, 0.03, instances, Unused(10_000));

    private Values Mixed(Subject subject, Mix mix, int seed)
    {
        var (values, originReads) = _gauge.Run(subject, mix.Begin(seed), () => Pace.Poisson(1500, scale.Mixed, seed));
        return With(values, mix, originReads);
    }

    private Values Stale(Peer peer)
    {
        using var subject = Subject.WithRedisInUse(site, peer, scale.Use, instances: 2);
        var mix = new Mix(500, 0.1, 2, Unused(500));
        var (values, originReads) = _gauge.Run(subject, mix.Begin(1), () => Pace.Poisson(1000, scale.Stale, 1));
        return With(values, mix, originReads);
    }

    private Values ManyKeys(Peer peer, int round, int keys)
    {
        var subject = Warm(peer);
        _gauge.Fill(subject, keys, CustomerKind.Small);
        // Some bound their memory, so not all need be hits here; the share that reached the API is a figure.
        var (values, _) = _gauge.Run(subject, Asks.Again(keys, CustomerKind.Small, round), () => Pace.Saturated(scale.Saturated));
        if (!Array.Exists(scale.KeyCounts, more => more > keys && more <= peer.MostKeys))
        {
            Stop(peer);
        }

        return values;
    }

    private static Values With(Values values, Mix mix, long originReads)
    {
        values["reads"] = mix.Reads;
        values["writes"] = mix.Writes;
        values["stale"] = mix.Stale;
        values["saved"] = 100.0 * (mix.Reads - originReads) / mix.Reads;
        values["saved-perfect"] = 100.0 * (mix.Reads - mix.PerfectMisses) / mix.Reads;
        return values;
    }

    /// <summary>Customers that nobody has asked for yet; the API's versions are common to all peers.</summary>
    private int Unused(int count) => (_firstUnused += count) - count;
}
