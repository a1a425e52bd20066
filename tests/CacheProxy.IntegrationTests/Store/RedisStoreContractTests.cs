using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract class RedisStoreContractTests(RedisServerFixture redis, string protocol) : StoreContract, IClassFixture<RedisServerFixture>
{
    // Time passes for one key by moving all of its deadlines, and its expiry, into the past.
    private const string Age = """
        local key, by = KEYS[1], tonumber(ARGV[1])
        local function aged(text) return string.format('%013.0f', tonumber(text) - by) end
        for _, name in ipairs(redis.call('HKEYS', key)) do
          local value = redis.call('HGET', key, name)
          if #value == 58 and name == 'meta' then
            redis.call('HSET', key, name, aged(string.sub(value, 1, 13)) .. string.sub(value, 14, 45) .. aged(string.sub(value, 46)))
          elseif string.find(name, '^meta') or string.find(name, '^held:') then
            redis.call('HSET', key, name, aged(string.sub(value, 1, 13)) .. string.sub(value, 14))
          elseif name == 'fence' or string.find(name, '^write:') or string.find(name, '^fill:') then
            redis.call('HSET', key, name, aged(value))
          end
        end
        local expiry = redis.call('PEXPIRETIME', key)
        if expiry > 0 then redis.call('PEXPIREAT', key, string.format('%.0f', expiry - by)) end
        """;

    // Of an index, whatever is 13 digits long is a time.
    private const string AgeIndex = """
        local key, by = KEYS[1], tonumber(ARGV[1])
        local function aged(text) return string.format('%013.0f', tonumber(text) - by) end
        for _, name in ipairs(redis.call('HKEYS', key)) do
          redis.call('HSET', key, name, (string.gsub(redis.call('HGET', key, name), string.rep('%d', 13), aged)))
        end
        local expiry = redis.call('PEXPIRETIME', key)
        if expiry > 0 then redis.call('PEXPIREAT', key, string.format('%.0f', expiry - by)) end
        """;

    private RedisServer Server => redis.Server;

    [Fact]
    public async Task The_connection_speaks_the_protocol_that_the_connection_string_names()
    {
        var connections = (await Server.TextAsync("CLIENT", "LIST"))!;

        Assert.Contains($" resp={protocol[^1]}", connections, StringComparison.Ordinal);
        Assert.Equal(protocol == RespProtocols.Resp3, connections.Contains(" resp=3", StringComparison.Ordinal));
    }

    private protected override async ValueTask<ICacheStore> OpenAsync() => await RedisStores.OpenAsync(Server, protocol: protocol);

    private protected override async ValueTask PassAsync(TimeSpan time)
    {
        var by = ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        await Server.SendAsync("EVAL", Age, "1", Key.Value, by);
        await Server.SendAsync("EVAL", AgeIndex, "1", Key.Value + DependentIndex.Suffix, by);
    }

    private protected override async ValueTask<bool> IsIndexGoneAsync() => await Server.NumberAsync("EXISTS", Key.Value + DependentIndex.Suffix) == 0;

    private protected override async ValueTask DeleteAsync() => await Server.SendAsync("DEL", Key.Value);

    private protected override async ValueTask<bool> IsGoneAsync() => await Server.NumberAsync("EXISTS", Key.Value) == 0;
}

public sealed class RedisStoreContractResp3Tests(RedisServerFixture redis) : RedisStoreContractTests(redis, RespProtocols.Resp3);

public sealed class RedisStoreContractResp2Tests(RedisServerFixture redis) : RedisStoreContractTests(redis, RespProtocols.Resp2);
