using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>The primaries of a cluster, each with the keys of its slots.</summary>
/// <param name="client">Knows a key's slot.</param>
/// <param name="bySlot">The incarnation of each slot's primary; <c>null</c> where it did not answer.</param>
internal sealed class ClusterPrimaries(ConnectionMultiplexer client, string?[] bySlot) : RedisPrimary(client.GetDatabase())
{
    public const int Slots = 16_384;

    protected override string? KnownIncarnationOf(string key) => client.HashSlot(key) is var slot and >= 0 ? bySlot[slot] : null;
}
