namespace CacheProxy.Bench.Load.Peers;

/// <summary>All peers. A new one is a line here and, if it needs one, a file in bench/Peers.</summary>
internal static class PeerList
{
    private const string YarpPeers =
        "dotnet @PROGRAMS@/yarp-peers/YarpPeers.dll --urls http://127.0.0.1:@PORT@ --api http://127.0.0.1:@ORIGIN_PORT@ --cache ";

    private const string CacheProxy =
        " --Kestrel:Endpoints:Proxy:Url=http://127.0.0.1:@PORT@ --Kestrel:Endpoints:Management:Url=http://127.0.0.1:@SECOND_PORT@"
        + " --ReverseProxy:Clusters:customer-api:Destinations:primary:Address=http://127.0.0.1:@ORIGIN_PORT@/"
        + " --CacheProxy:Tenant:BaseDomains:0=bench.example --CacheProxy:Policies:customer:Ttl=1h";

    private const string WithRedis = " --CacheProxy:Redis:ConnectionString=127.0.0.1:@REDIS_PORT@";
    private const string WithoutCopies = " --CacheProxy:Policies:customer:MemoryTtl=0";
    private const string WithCopies = " --CacheProxy:Policies:customer:MemoryTtl=2s";
    // On a machine that is busy with something else, too, hits stay hits.
    private const string Patient = " --CacheProxy:Redis:Timeout=00:00:10";
    private const string Inline = " --CacheProxy:InlineSockets=true";

    public static IReadOnlyList<Peer> All { get; } =
    [
        new("nginx", "nginx `proxy_cache`", "nginx -e stderr -c @FOLDER@/nginx.conf") { Files = ["nginx.conf"], MostKeys = 1_000_000 },
        new("nginx-redis", "nginx + Lua + Redis", "nginx -e stderr -c @FOLDER@/nginx-redis.conf")
        {
            Files = ["nginx-redis.conf", "nginx-redis.lua", "redis.lua"],
            Redis = true,
            MostKeys = 1_000_000,
        },
        new("varnish", "Varnish", "varnishd -F -j none -n @FOLDER@/varnish -f @FOLDER@/varnish.vcl -a 127.0.0.1:@PORT@ -s malloc,4g")
        {
            Files = ["varnish.vcl"],
        },
        new("yarp", "YARP alone", YarpPeers + "none") { Scope = PeerScope.PassThrough },
        new("output-caching", "YARP + Output Caching", YarpPeers + "output"),
        new("fusion-cache", "YARP + FusionCache", YarpPeers + "fusion --redis 127.0.0.1:@REDIS_PORT@") { Redis = true },
        .. CacheProxies("jit", "JIT", "dotnet @PROGRAMS@/jit/CacheProxy.dll" + CacheProxy, 10_000),
        .. CacheProxies("aot", "AOT", "@PROGRAMS@/aot/CacheProxy" + CacheProxy, 1_000_000),
    ];

    /// <summary>With copies that are held from this look-up on; 0: without any.</summary>
    public static Peer HeldFrom(int lookUp) => new(
        $"held-{lookUp}",
        lookUp == 0 ? "no copies" : $"copies held from look-up {lookUp} on",
        $"dotnet @PROGRAMS@/held-{lookUp}/CacheProxy.dll" + CacheProxy + WithRedis + (lookUp == 0 ? WithoutCopies : WithCopies) + Patient)
    {
        Redis = true,
        Holds = true,
    };

    private static Peer[] CacheProxies(string name, string title, string command, int mostKeys) =>
    [
        new($"{name}-memory", $"CacheProxy {title}, memory", command) { MostKeys = Math.Min(mostKeys, 100_000) },
        new($"{name}-memory-inline", $"CacheProxy {title}, memory, `InlineSockets`", command + Inline) { Scope = PeerScope.Rates },
        new($"{name}-redis", $"CacheProxy {title}, Redis, `MemoryTtl: 0`", command + WithRedis + WithoutCopies) { Redis = true, MostKeys = mostKeys },
        new($"{name}-redis-inline", $"CacheProxy {title}, Redis, `MemoryTtl: 0`, `InlineSockets`", command + WithRedis + WithoutCopies + Inline)
        {
            Redis = true,
            Scope = PeerScope.Rates,
        },
        new($"{name}-held", $"CacheProxy {title}, Redis, copies held (`MemoryTtl: 2s`)", command + WithRedis + WithCopies)
        {
            Redis = true,
            Holds = true,
            MostKeys = mostKeys,
        },
        new($"{name}-held-inline", $"CacheProxy {title}, Redis, copies held (`MemoryTtl: 2s`), `InlineSockets`", command + WithRedis + WithCopies + Inline)
        {
            Redis = true,
            Holds = true,
            Scope = PeerScope.Rates,
        },
    ];
}
