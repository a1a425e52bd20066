using System.Net;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis.Topologies;

/// <summary>One Redis, a primary with replicas, or a cluster: finds the primary of each key and its replication id.</summary>
internal interface IRedisTopology : IAsyncDisposable
{
    /// <summary>Whether the failure of one node affects only that node's keys.</summary>
    bool IsCluster { get; }

    /// <summary>How long an answer may be used while nothing fails.</summary>
    TimeSpan LearnsEvery { get; }

    /// <summary>Asks the nodes. Throws what the client library throws, or <see cref="NoSinglePrimaryException"/>.</summary>
    /// <param name="learns">Whether roles may have changed without the client library's knowledge.</param>
    /// <param name="timeout">How long each node may take.</param>
    Task<RedisPrimary> FindAsync(bool learns, TimeSpan timeout);
}

/// <summary>
/// No node claims to be the primary, or several do; then only the sentinels know which one is right, and none is used. Also thrown while
/// the only claimant is too new to be used.
/// </summary>
internal sealed class NoSinglePrimaryException(int primaries, Exception? reason = null) : Exception($"{primaries} primaries", reason);

/// <summary>
/// Where keys are read and written, and under which replication id. Redis draws a new id when it starts and when a replica is promoted.
/// After either it may have lost evictions that it had acknowledged, so an entry is trusted only under the id that its fill began with.
/// </summary>
internal abstract class RedisPrimary(IDatabase database) : IIndexVersions
{
    /// <summary>Stands for every replication id where Redis does not reveal it.</summary>
    public const string NoReplicationId = "0000000000000000";

    /// <summary>Where every step runs but look-ups of bodies.</summary>
    public IDatabase Database { get; } = database;

    /// <summary>
    /// Where bodies are looked up. Replies on one connection come one after the other: behind large bodies, the fence of a write would
    /// time out.
    /// </summary>
    public virtual IDatabase Bodies => Database;

    /// <summary>As <see cref="Database"/>, without the client library; <c>null</c> where it has to be used.</summary>
    public virtual RedisWire? Wire => null;

    /// <summary>As <see cref="Bodies"/>, likewise.</summary>
    public virtual RedisWire? BodyWire => null;

    /// <summary>The nodes that scripts run on.</summary>
    public abstract IReadOnlyList<IServer> Servers { get; }

    /// <summary>Whether these have every key.</summary>
    public virtual bool IsWhole => true;

    /// <summary>Whether keys may move from one to another.</summary>
    public virtual bool MayMoveKeys => false;

    /// <summary>Timestamp after which it must not be used until it has been confirmed again.</summary>
    public long UntilTimestamp { get; init; } = long.MaxValue;

    /// <summary>16 hexadecimal digits; <c>null</c> while it is not known. Then no entry is trusted, not even one that is filled meanwhile.</summary>
    public abstract string? ReplicationIdOf(string key);

    /// <inheritdoc/>
    public string? Of(string key) => MayDrop(key) ? null : ReplicationIdOfIndex(key);

    /// <inheritdoc/>
    public abstract bool MayDrop(string key);

    /// <summary>Whether there is a node that does.</summary>
    public virtual bool MayDropAny => false;

    /// <summary>Those of all nodes that have told it.</summary>
    public virtual IReadOnlyCollection<string> ReplicationIds => [];

    /// <summary>A key that the node with this replication id has, always the same while it has the same slots: the name, or the name and a number.</summary>
    public virtual string? KeyOn(string replicationId, string name) => name;

    /// <summary>As <see cref="ReplicationIdOf"/>, of the node that has the resource's index.</summary>
    protected virtual string? ReplicationIdOfIndex(string key) => ReplicationIdOf(key);

    /// <summary>Tells the nodes apart, so that work for one need not wait for another.</summary>
    public virtual int NodeOf(string key) => 0;

    /// <summary>The node that has the key; <c>null</c> if none is known to.</summary>
    public virtual EndPoint? EndPointOf(string key) => null;

    /// <summary>
    /// A node has failed, and its successor may have lost evictions: none of its entries is trusted until it has been asked again.
    /// </summary>
    /// <param name="endPoint">The node. If it is none of the primaries, it may have become one since they were asked: then all are doubted.</param>
    public abstract void Doubt(EndPoint? endPoint);
}

/// <summary>One primary that has all keys.</summary>
internal sealed class SinglePrimary(IDatabase database, IDatabase bodies, IServer server, string replicationId) : RedisPrimary(database)
{
    private volatile string? _replicationId = replicationId;

    public override IDatabase Bodies => bodies;

    public override RedisWire? Wire => WireToUse;

    public override RedisWire? BodyWire => BodyWireToUse;

    public RedisWire? WireToUse { private get; init; }

    public RedisWire? BodyWireToUse { private get; init; }

    /// <summary>Whether the node drops keys that have not expired when its memory is full.</summary>
    public bool MayDropKeys { private get; init; }

    public override IReadOnlyList<IServer> Servers { get; } = [server];

    public override string? ReplicationIdOf(string key) => _replicationId;

    public override bool MayDrop(string key) => MayDropKeys;

    public override bool MayDropAny => MayDropKeys;

    public override IReadOnlyCollection<string> ReplicationIds => _replicationId is { } known ? [known] : [];

    public override void Doubt(EndPoint? endPoint) => _replicationId = null;
}
