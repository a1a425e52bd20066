using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>One primary that has all keys.</summary>
internal sealed class SinglePrimary(IDatabase database, string incarnation) : RedisPrimary(database)
{
    protected override string? KnownIncarnationOf(string key) => incarnation;
}
