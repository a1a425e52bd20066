using CacheProxy.Bench.Load.Machine;
using CacheProxy.Bench.Load.Traffic;

namespace CacheProxy.Bench.Load.Peers;

/// <summary>A running peer: its instances and the Redis that they share.</summary>
internal sealed class Subject : IDisposable
{
    private readonly RedisServer? _redis;
    private readonly List<Server> _instances = [];

    public Subject(Site site, Peer peer, int instances = 1)
    {
        Peer = peer;
        _redis = peer.Redis ? site.StartRedis() : null;
        for (var i = 0; i < instances; i++)
        {
            StartInstance(site);
        }
    }

    public Peer Peer { get; }

    public int Instances => _instances.Count;

    public RedisServer Redis => _redis ?? throw new BenchFailure($"{Peer.Name} has no Redis");

    public Driver Clients(int connectionsEach) => new([.. _instances.Select(static instance => instance.Port)], connectionsEach);

    /// <summary>Of the peer and of its Redis.</summary>
    public (TimeSpan Own, TimeSpan Redis) ProcessorTime() => (
        _instances.Aggregate(TimeSpan.Zero, static (sum, instance) => sum + instance.ProcessorTime()),
        _redis?.ProcessorTime() ?? TimeSpan.Zero);

    /// <summary>How many commands its Redis has carried out, those within scripts included.</summary>
    public long RedisCommands() => _redis?.Commands() ?? 0;

    public double ResidentMegabytes() => _instances.Sum(static instance => instance.ResidentMegabytes());

    public void StartInstance(Site site) => _instances.Add(site.Start(Peer, _redis));

    /// <summary>
    /// With a Redis that has been in use for a while, as the one is that a deployment has. A write waits for what may be held of a Redis that has
    /// come into use within the last lease, and that is not what is measured.
    /// </summary>
    public static Subject WithRedisInUse(Site site, Peer peer, TimeSpan use, int instances = 1)
    {
        var subject = new Subject(site, peer, peer.Holds ? 1 : instances);
        if (peer.Holds)
        {
            using (var client = subject.Clients(1))
            {
                client.Run(Asks.Once(1, CustomerKind.Small), Pace.UntilDone());
            }

            Thread.Sleep(use);
            subject.StopInstances();
            for (var i = 0; i < instances; i++)
            {
                subject.StartInstance(site);
            }
        }

        return subject;
    }

    public void Dispose()
    {
        StopInstances();
        _redis?.Dispose();
    }

    private void StopInstances()
    {
        foreach (var instance in _instances)
        {
            instance.Dispose();
        }

        _instances.Clear();
    }
}
