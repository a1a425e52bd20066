using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Store.Redis.Topologies;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>The product's scripts on a real Redis, but for the one function that reads the clock.</summary>
internal sealed class ExploredRedisStore(ICacheStore store, IDatabase database, string key, ExploredPrimary? primary = null) : IRestartedStore
{
    public ExploredRedisStore(ICacheStore store, IDatabase database, int number, ExploredPrimary? primary = null)
        : this(store, database, "demo:customer:" + number.ToString(CultureInfo.InvariantCulture), primary)
    {
    }

    /// <summary>Stands in for <c>clock.lua</c>: a clock beside each key, so far in the future that Redis itself expires nothing.</summary>
    public const string Clock = """
        local function clock()
          return 4102444800000 + tonumber(redis.call('GET', KEYS[1] .. ':clock') or '0')
        end
        """;

    private const string Advance = Clock + """

        redis.call('INCRBY', KEYS[1] .. ':clock', ARGV[1])
        local expiry = redis.call('PEXPIRETIME', KEYS[1])
        if expiry == -1 then return redis.error_reply('The key has no expiry.') end
        if expiry <= clock() then redis.call('DEL', KEYS[1]) end
        return redis.call('EXISTS', KEYS[1])
        """;

    private const string Save = """
        redis.call('DEL', KEYS[1] .. ':saved')
        return redis.call('COPY', KEYS[1], KEYS[1] .. ':saved')
        """;

    private const string Load = Clock + """

        redis.call('DEL', KEYS[1])
        if redis.call('PEXPIRETIME', KEYS[1] .. ':saved') > clock() then redis.call('COPY', KEYS[1] .. ':saved', KEYS[1]) end
        return 1
        """;

    private readonly RedisKey[] _keys = [key];

    public ICacheStore Store => store;

    public ResourceKey Key { get; } = new(key);

    public FakeTimeProvider Time { get; } = new();

    public async ValueTask DeleteAsync() => await database.KeyDeleteAsync(_keys[0]);

    public async ValueTask<bool> HoldsNothingButTheEntryAsync() => await database.HashLengthAsync(_keys[0]) == 2;

    public async ValueTask<bool> AdvanceAsync(TimeSpan time)
    {
        Time.Advance(time);
        return (int)await database.ScriptEvaluateAsync(Advance, _keys, [(long)time.TotalMilliseconds]) == 1;
    }

    public async ValueTask SaveAsync() => await database.ScriptEvaluateAsync(Save, _keys);

    public async ValueTask LoseAsync(bool withMemory) =>
        await (withMemory ? database.ScriptEvaluateAsync(Load, _keys) : (Task)database.KeyDeleteAsync(_keys[0]));

    public void Doubt() => primary!.Doubt(Key.Value);

    public void Learn() => primary!.Learn(Key.Value);
}

/// <summary>A primary whose replication id each explorer changes for its own key, as if the node of that key had been replaced.</summary>
internal sealed class ExploredPrimary(IDatabase database, IServer server) : RedisPrimary(database)
{
    private const string Unknown = "";
    private readonly ConcurrentDictionary<string, string> _ids = new();
    private int _drawn;

    public override IReadOnlyList<IServer> Servers { get; } = [server];

    public void Doubt(string key) => _ids[key] = Unknown;

    public string Learn(string key) => _ids[key] = Interlocked.Increment(ref _drawn).ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>One key is on the node of another.</summary>
    public void Join(string key, string other) => _ids[key] = _ids[other];

    public override void Doubt(EndPoint? endPoint) => throw new NotSupportedException("Each explorer doubts its own key only.");

    /// <summary>The store uses it from now on. Its clock must stand still: it would soon ask the real one.</summary>
    public void PutInto(RedisStore store) => Primary(Connection(store)) = this;

    public override string? ReplicationIdOf(string key) => _ids.GetValueOrDefault(key) switch
    {
        Unknown => null,
        null => NoReplicationId,
        var id => id,
    };

    public override bool MayDrop(string key) => false;

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_connection")]
    private static extern ref RedisConnection Connection(RedisStore store);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_primary")]
    private static extern ref RedisPrimary? Primary(RedisConnection connection);
}
