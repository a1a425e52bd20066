namespace CacheProxy.Bench.Load.Results;

/// <summary>
/// What CacheProxy is to reach. <paramref name="Figure"/> takes the findings and the kind of binary, aot or jit. Without a limit, the
/// figure is only shown.
/// </summary>
internal sealed record Goal(string Text, string Unit, double? Limit, Func<Findings, string, double?> Figure)
{
    public static IReadOnlyList<Goal> All { get; } =
    [
        Cpu("Hit from memory / nginx `proxy_cache`, saturated", 1.0, "hit-saturated", "memory", "nginx"),
        Cpu("Hit from memory / nginx `proxy_cache`, 2,000/s", 1.5, "hit-2000", "memory", "nginx"),
        Cpu("Hit from memory / nginx `proxy_cache`, 2,000/s, `InlineSockets`", 1.1, "hit-2000", "memory-inline", "nginx"),
        Cpu("Hit from memory / Output Caching, saturated", 0.75, "hit-saturated", "memory", "output-caching"),
        Cpu("Hit from memory / Varnish, saturated", 0.75, "hit-saturated", "memory", "varnish"),
        Cpu("Hit from Redis / nginx + Lua + Redis, saturated", 0.8, "hit-saturated", "redis", "nginx-redis"),
        Cpu("Hit from Redis / nginx + Lua + Redis, 2,000/s", 1.5, "hit-2000", "redis", "nginx-redis"),
        Cpu("Hit from Redis / nginx + Lua + Redis, 2,000/s, `InlineSockets`", 1.15, "hit-2000", "redis-inline", "nginx-redis"),
        Cpu("Miss and fill, Redis / nginx + Lua + Redis", 1.2, "miss", "redis", "nginx-redis"),
        Cpu("Miss and fill, Redis / Output Caching", 1.0, "miss", "redis", "output-caching"),
        Cpu("Miss and fill, memory / Output Caching", 1.0, "miss", "memory", "output-caching"),
        Cpu("Mix, `MemoryTtl: 0` / nginx + Lua + Redis", 1.6, "mix-warm", "redis", "nginx-redis"),
        Cpu("Mix, copies held / nginx + Lua + Redis", 1.6, "mix-warm", "held", "nginx-redis"),
        Cpu("Mix, `MemoryTtl: 0` / Output Caching", 1.0, "mix-warm", "redis", "output-caching"),
        Cpu("Mix, copies held / Output Caching", 1.0, "mix-warm", "held", "output-caching"),
        Ratio("Mix / nginx + Lua + Redis, p99", 1.1, "mix-warm", "p99", "redis", "nginx-redis"),
        Ratio("Mix / nginx + Lua + Redis, p99, first seconds of a process", 1.1, "mix-cold", "p99", "redis", "nginx-redis"),
        Cpu("Uncached route / YARP alone", 0.9, "pass-through", "memory", "yarp"),
        new("API requests saved in the mix, warm: points below a perfect cache", "points", 1, static (found, kind) => Missing(found, kind, "mix-warm")),
        new("API requests saved in the mix, cold: points below a perfect cache", "points", 1, static (found, kind) => Missing(found, kind, "mix-cold")),
        Of("Start to the first answer, Redis", "ms", 80, "start", "milliseconds", "redis"),
        Of("Resident, idle, Redis", "MB", 45, "memory", "idle", "redis"),
        Of("Resident with 10,000 entries in memory", "MB", 90, "memory", "entries", "memory"),
        Of("Resident with idle client connections (10,000 in a full run)", "MB", null, "memory", "connections", "memory"),
        Of("Resident after a flood of distinct keys, tenants and credentials", "MB", null, "memory", "flood", "memory"),
        Of("Stale reads, two instances, Redis, `MemoryTtl: 0`", "reads", 0, "stale", "stale", "redis"),
        Of("Stale reads, two instances, Redis, copies held", "reads", 0, "stale", "stale", "held"),
        Cpu("Hit of a held copy / nginx `proxy_cache`, saturated", 1.0, "hit-saturated", "held", "nginx"),
        Cpu("Hit of a held copy / nginx `proxy_cache`, 2,000/s", 1.5, "hit-2000", "held", "nginx"),
        Cpu("Hit of a held copy / nginx `proxy_cache`, 2,000/s, `InlineSockets`", 1.1, "hit-2000", "held-inline", "nginx"),
        Cpu("Hit of a held copy / Output Caching, saturated", 0.75, "hit-saturated", "held", "output-caching"),
        Cpu("Hit of a held copy / Varnish, saturated", 0.75, "hit-saturated", "held", "varnish"),
        Cpu("Hit of a held copy / FusionCache, saturated", 0.75, "hit-saturated", "held", "fusion-cache"),
        Cpu("Mix, two instances, copies held / nginx + Lua + Redis", 1.2, "mix-two", "held", "nginx-redis"),
        Cpu("Mix, two instances, copies held / Output Caching", 0.8, "mix-two", "held", "output-caching"),
        new("Stale reads in that mix, all rounds", "reads", 0, static (found, kind) => found.Sum("mix-two", $"{kind}-held", "stale")),
        new("A write to what three other instances hold, above one that nobody holds, p50", "ms", 1, static (found, kind) => found.Median("write-held", $"{kind}-held", "more-3") / 1000),
    ];

    public bool? IsMet(double? figure) => Limit is { } limit && figure is { } found ? found <= limit : null;

    private static Goal Cpu(string text, double limit, string measure, string way, string other) =>
        Ratio(text, limit, measure, "cpu", way, other);

    private static Goal Ratio(string text, double limit, string measure, string value, string way, string other) =>
        new(text, "", limit, (found, kind) => found.Ratio(measure, value, $"{kind}-{way}", other));

    private static Goal Of(string text, string unit, double? limit, string measure, string value, string way) =>
        new(text, unit, limit, (found, kind) => found.Median(measure, $"{kind}-{way}", value));

    private static double? Missing(Findings found, string kind, string measure) =>
        found.Median(measure, $"{kind}-redis", "saved-perfect") - found.Median(measure, $"{kind}-redis", "saved");
}
