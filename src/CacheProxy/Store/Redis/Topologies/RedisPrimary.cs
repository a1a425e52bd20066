using System.Globalization;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>
/// Who answers, and in which incarnation: a Redis that was restarted or promoted may have lost evictions that an earlier one had
/// acknowledged, so an entry is only trusted in the incarnation that its fill began in.
/// </summary>
internal abstract class RedisPrimary(IDatabase database)
{
    /// <summary>What every incarnation is called where Redis does not tell.</summary>
    public const string NoIncarnation = "0000000000000000";

    private readonly string _unknown = Random.Shared.NextInt64(1, long.MaxValue).ToString("x16", CultureInfo.InvariantCulture);
    private volatile bool _inDoubt;

    public IDatabase Database { get; } = database;

    /// <summary>Timestamp until which it may be relied on without asking again.</summary>
    public long UntilTimestamp { get; init; } = long.MaxValue;

    /// <summary>16 hexadecimal digits; nobody else's where the incarnation is not known.</summary>
    public string IncarnationOf(string key) => _inDoubt ? _unknown : KnownIncarnationOf(key) ?? _unknown;

    /// <summary>A node has gone, and who follows it may have lost something: nothing is trusted until all have been asked again.</summary>
    public void Doubt() => _inDoubt = true;

    protected abstract string? KnownIncarnationOf(string key);
}
