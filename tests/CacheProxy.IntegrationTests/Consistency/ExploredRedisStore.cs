using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.Store;
using StackExchange.Redis;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>The product's scripts on a real Redis, but for the one function that reads the clock.</summary>
internal sealed class ExploredRedisStore(ICacheStore store, IDatabase database, int number) : IExploredStore
{
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

    private readonly RedisKey[] _keys = ["demo:customer:" + number.ToString(CultureInfo.InvariantCulture)];

    public ICacheStore Store => store;

    public ResourceKey Key { get; } = new("demo:customer:" + number.ToString(CultureInfo.InvariantCulture));

    public async ValueTask DeleteAsync() => await database.KeyDeleteAsync(_keys[0]);

    public async ValueTask<bool> HoldsNothingButTheEntryAsync() => await database.HashLengthAsync(_keys[0]) == 2;

    public async ValueTask<bool> AdvanceAsync(TimeSpan time) =>
        (int)await database.ScriptEvaluateAsync(Advance, _keys, [(long)time.TotalMilliseconds]) == 1;
}
