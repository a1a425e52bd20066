namespace CacheProxy.Bench.Load.Measures;

/// <summary>How long and how much. The full run takes about 35 minutes on a quiet machine with two cores, the quick one about 6.</summary>
internal sealed record Scale
{
    public static Scale Full { get; } = new();

    public static Scale Quick { get; } = new()
    {
        Name = "quick",
        Rounds = 1,
        WarmUp = 16_000,
        WarmUps = 1,
        Saturated = TimeSpan.FromSeconds(0.4),
        AtRate = TimeSpan.FromSeconds(0.7),
        Mixed = TimeSpan.FromSeconds(1),
        Stale = TimeSpan.FromSeconds(1),
        Settle = TimeSpan.FromSeconds(0.3),
        Misses = 1_000,
        Starts = 1,
        KeyCounts = [1_000, 10_000],
        IdleConnections = 1_000,
        Flood = 2_000,
        HeldWrites = 20,
        ZipfKeys = 10_000,
        RedisLoad = TimeSpan.FromSeconds(3),
    };

    public string Name { get; init; } = "full";

    public int Rounds { get; init; } = 3;

    /// <summary>Hits before a peer is measured; misses are a tenth of it, uncached requests a quarter.</summary>
    public int WarmUp { get; init; } = 30_000;

    /// <summary>How often all of that, with a rest after each.</summary>
    public int WarmUps { get; init; } = 3;

    public TimeSpan Saturated { get; init; } = TimeSpan.FromSeconds(1.2);

    public TimeSpan AtRate { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan Mixed { get; init; } = TimeSpan.FromSeconds(3);

    public TimeSpan Stale { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a process rests after its start before its memory is read.</summary>
    public TimeSpan Settle { get; init; } = TimeSpan.FromSeconds(1);

    public int Misses { get; init; } = 6_000;

    public int Starts { get; init; } = 5;

    public int[] KeyCounts { get; init; } = [1_000, 10_000, 100_000, 1_000_000];

    public int IdleConnections { get; init; } = 10_000;

    public int Flood { get; init; } = 50_000;

    /// <summary>Writes of each kind: to what nobody holds, one other instance, three.</summary>
    public int HeldWrites { get; init; } = 300;

    /// <summary>Among how many customers the load of Redis is measured by Zipf's law.</summary>
    public int ZipfKeys { get; init; } = 100_000;

    /// <summary>How long the load of Redis is measured at a time: several leases.</summary>
    public TimeSpan RedisLoad { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a Redis has been in use: longer than a lease with its margin.</summary>
    public TimeSpan Use { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>All durations <paramref name="factor"/> times as long.</summary>
    public Scale Longer(double factor) => this with
    {
        Saturated = Saturated * factor,
        AtRate = AtRate * factor,
        Mixed = Mixed * factor,
        Stale = Stale * factor,
        Misses = (int)(Misses * factor),
    };
}
