namespace CacheProxy.Store.Redis.Topologies;

/// <summary>
/// No node takes itself for the primary, or several do: which of several is right only their sentinels know, so none is used. Or the one
/// that does has only just become it.
/// </summary>
internal sealed class RedisRolesException(int primaries) : Exception($"{primaries} primaries");
