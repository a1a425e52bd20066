using System.Collections.Concurrent;
using System.Diagnostics;
using CacheProxy.IntegrationTests.Harness;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>One customer of the stub API: how often it was changed, and which of the changes a client knows of.</summary>
internal sealed class VersionedCustomer(string id)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<ProxyUnderTest, int> _hits = new();
    private (int Version, long At) _acknowledged;
    private int _version;

    public string Id => id;

    public int Version => Volatile.Read(ref _version);

    /// <summary>The latest version that a writer has got an answer for, and when.</summary>
    public (int Version, long At) Acknowledged
    {
        get
        {
            lock (_lock)
            {
                return _acknowledged;
            }
        }
    }

    public int Change() => Interlocked.Increment(ref _version);

    public void Acknowledge(int version)
    {
        lock (_lock)
        {
            if (version > _acknowledged.Version)
            {
                _acknowledged = (version, Stopwatch.GetTimestamp());
            }
        }
    }

    public int HitsThrough(ProxyUnderTest proxy) => _hits.GetValueOrDefault(proxy);

    public void CountHit(ProxyUnderTest proxy) => _hits.AddOrUpdate(proxy, 1, static (_, count) => count + 1);
}
