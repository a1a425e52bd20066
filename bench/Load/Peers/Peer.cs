namespace CacheProxy.Bench.Load.Peers;

/// <summary>
/// One that is measured: how it is started, with the files of bench/Peers that it reads. In command and files, @PORT@ is where it has to
/// listen, @SECOND_PORT@ another free port, @ORIGIN_PORT@ the API, @REDIS_PORT@ its Redis, @FOLDER@ a folder of its own, @USER@ who runs
/// it, and @PROGRAMS@ where the programs are that run.sh has published.
/// </summary>
internal sealed record Peer(string Name, string Title, string Command)
{
    public string[] Files { get; init; } = [];

    /// <summary>It has a Redis of its own, whose processor time and memory are counted with it.</summary>
    public bool Redis { get; init; }

    /// <summary>It serves copies under leases. What a write costs that has to wait for holders is measured of it.</summary>
    public bool Holds { get; init; }

    public PeerScope Scope { get; init; } = PeerScope.Everything;

    /// <summary>Among how many keys it is measured: to fill a million takes two minutes.</summary>
    public int MostKeys { get; init; } = 100_000;

    public bool IsAot => Name.StartsWith("aot-", StringComparison.Ordinal);
}

/// <summary>What a peer is measured in: a proxy without a cache has no hits, and a way of sockets changes little but the rates.</summary>
internal enum PeerScope
{
    Everything,
    Rates,
    PassThrough,
}
