using CacheProxy.Bench.Load.Peers;

namespace CacheProxy.Bench.Load.Measures;

/// <summary>One kind of figure: for whom, how often, and how it comes about. <paramref name="Run"/> gets the round's number, from 1.</summary>
internal sealed record Measure(string Name, string Title, int Rounds, Func<Peer, bool> Applies, Func<Peer, int, Values> Run)
{
    public static bool Caches(Peer peer) => peer.Scope != PeerScope.PassThrough;

    public static bool CachesAndIsMeasuredFully(Peer peer) => peer.Scope == PeerScope.Everything;

    public static bool IsMeasuredFully(Peer peer) => peer.Scope != PeerScope.Rates;
}

/// <summary>Names and figures, such as cpu (µs per request) and p99 (µs).</summary>
internal sealed class Values : SortedDictionary<string, double>
{
    public Values()
        : base(StringComparer.Ordinal)
    {
    }
}
