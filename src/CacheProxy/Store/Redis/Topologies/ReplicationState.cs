using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>What a node says of itself (<c>INFO replication</c>).</summary>
/// <param name="IsPrimary">Whether it takes itself for a primary.</param>
/// <param name="Incarnation">
/// The start of its replication id, which Redis changes at every start and every promotion. <see cref="RedisPrimary.NoIncarnation"/>
/// where something between answers for Redis and does not tell.
/// </param>
internal readonly record struct ReplicationState(bool IsPrimary, string Incarnation)
{
    private const int Digits = 16;

    /// <summary>Asks one node.</summary>
    public static async Task<ReplicationState> AskAsync(IServer server)
    {
        try
        {
            return Parse((await server.InfoRawAsync("replication"))!);
        }
        catch (RedisServerException exception) when (RedisFailures.Classify(exception) == RedisFailure.Refused)
        {
            // Whoever may not ask is told nothing; whether it takes writes shows when it is given one.
            return new ReplicationState(IsPrimary: true, RedisPrimary.NoIncarnation);
        }
    }

    public static ReplicationState Parse(string text)
    {
        var state = new ReplicationState(IsPrimary: true, RedisPrimary.NoIncarnation);
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            var colon = line.IndexOf(':');
            if (colon < 0)
            {
                continue;
            }

            var value = line[(colon + 1)..].Trim();
            switch (line[..colon])
            {
                case "role":
                    state = state with { IsPrimary = value is "master" };
                    break;
                case "master_replid" when value.Length >= Digits && !value.ContainsAnyExcept("0123456789abcdef"):
                    state = state with { Incarnation = value[..Digits].ToString() };
                    break;
            }
        }

        return state;
    }
}
