using CacheProxy.Bench.Load.Machine;
using CacheProxy.Bench.Load.Traffic;

namespace CacheProxy.Bench.Load.Peers;

/// <summary>A running peer: its instances and the Redis that they share.</summary>
internal sealed class Subject : IDisposable
{
    private readonly Server? _redis;
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

    public Driver Clients(int connectionsEach) => new([.. _instances.Select(static instance => instance.Port)], connectionsEach);

    /// <summary>Of the peer and of its Redis.</summary>
    public (TimeSpan Own, TimeSpan Redis) ProcessorTime() => (
        _instances.Aggregate(TimeSpan.Zero, static (sum, instance) => sum + instance.ProcessorTime()),
        _redis?.ProcessorTime() ?? TimeSpan.Zero);

    public double ResidentMegabytes() => _instances.Sum(static instance => instance.ResidentMegabytes());

    public void StartInstance(Site site) => _instances.Add(site.Start(Peer, _redis));

    public void Dispose()
    {
        foreach (var instance in _instances)
        {
            instance.Dispose();
        }

        _redis?.Dispose();
    }
}
