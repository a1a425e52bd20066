using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Security;

/// <summary>What somebody finds in Redis of a policy with <c>Encrypt</c>, and what comes of it when he writes there.</summary>
public sealed class EncryptedEntriesTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>, IDisposable
{
    private const string Target = "/api/customers/1";
    private const string Redis = "demo:customer:1";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cacheproxy-keys-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task An_encrypted_entry_is_a_hit_a_304_a_HEAD_and_is_evicted_like_any_other(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(AnswerAsync);
        await using var proxy = await stores.StartAsync(store, api.Address, Encrypted(Key(1)));

        Assert.EndsWith("; stored", (await proxy.AskAsync(Target)).CacheStatus, StringComparison.Ordinal);
        var hit = await proxy.AskAsync(Target);
        Assert.True(hit.IsHit);
        Assert.Equal("secret of /api/customers/1", hit.Text);
        Assert.Equal(304, (await proxy.AskAsync(Target, ("If-None-Match", "\"v1\""))).Status);
        Assert.True((await proxy.AskAsync(HttpMethod.Head, Target)).IsHit);
        Assert.True((await proxy.AskAsync(Target, ("Range", "bytes=0-5"))).IsHit);
        Assert.Single(api.Requests);

        await proxy.AskAsync(HttpMethod.Put, Target);
        Assert.False((await proxy.AskAsync(Target)).IsHit);
    }

    [Fact]
    public async Task Who_reads_Redis_sees_the_key_the_names_of_the_fields_and_until_when()
    {
        await using var api = await StubApi.StartAsync(AnswerAsync);
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Encrypted(Key(1)));
        await proxy.AskAsync(Target);

        Assert.Equal(["body:sealed", "meta:sealed"], await stores.Redis.FieldsAsync(Redis));
        var everything = await stores.Redis.TextAsync("HGET", Redis, "body:sealed") + await stores.Redis.TextAsync("HGET", Redis, "meta:sealed");
        Assert.Matches("^[0-9]{13}[0-9a-f]{32}E", await stores.Redis.TextAsync("HGET", Redis, "meta:sealed"));
        foreach (var word in (string[])["secret", "text/plain", "customers", "v1"])
        {
            Assert.DoesNotContain(word, everything, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_is_copied_to_another_resource_or_variant_or_altered_or_not_encrypted_is_a_miss_and_filled_anew()
    {
        await using var api = await StubApi.StartAsync(AnswerAsync);
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Encrypted(Key(1)));
        var redis = stores.Redis;
        await proxy.AskAsync(Target);

        await redis.SendAsync("COPY", Redis, "demo:customer:2");
        await redis.SendAsync("COPY", Redis, "acme:customer:1");
        Assert.Equal("secret of /api/customers/2", await MissAsync(proxy, "/api/customers/2"));
        Assert.Equal("secret of /api/customers/1 for acme", await MissAsync(proxy, Target, ("X-Tenant-Subdomain", "acme")));

        await proxy.AskAsync(Target, ("Accept-Language", "de"));
        var german = (await redis.FieldsAsync(Redis)).Single(static name => name.StartsWith("meta:sealed-", StringComparison.Ordinal))[5..];
        await redis.SendAsync("EVAL", $"for _, n in ipairs({{'meta:', 'body:'}}) do redis.call('HSET', KEYS[1], n .. '{german}', redis.call('HGET', KEYS[1], n .. 'sealed')) end", "1", Redis);
        await MissAsync(proxy, Target, ("Accept-Language", "de"));

        // One bit of the body, without a change of its length.
        await redis.SendAsync("EVAL", "local b = redis.call('HGET', KEYS[1], 'body:sealed'); redis.call('HSET', KEYS[1], 'body:sealed', string.sub(b, 1, 14) .. string.char(string.byte(b, 15) > 127 and string.byte(b, 15) - 128 or string.byte(b, 15) + 128) .. string.sub(b, 16))", "1", Redis);
        await MissAsync(proxy, Target);
        Assert.True((await proxy.AskAsync(Target)).IsHit);
    }

    [Fact]
    public async Task What_a_policy_without_Encrypt_has_stored_is_a_miss_and_so_it_is_in_the_fields_of_an_encrypted_one()
    {
        await using var api = await StubApi.StartAsync(AnswerAsync);
        await using var plain = await stores.StartAsync(StoreKind.Redis, api.Address);
        await plain.AskAsync(Target);
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address, [("CacheProxy:Redis:Timeout", "00:00:10"), .. Encrypted(Key(1))], stores.Redis.ConnectionString);

        await MissAsync(proxy, Target);
        await stores.Redis.SendAsync("EVAL", "for _, n in ipairs({'meta', 'body'}) do redis.call('HSET', KEYS[1], n .. ':sealed', redis.call('HGET', KEYS[1], n)) end", "1", Redis);
        await MissAsync(proxy, Target);

        // Side by side, as during a roll-out, each has its own, and a write through either evicts both.
        Assert.True((await plain.AskAsync(Target)).IsHit);
        Assert.True((await proxy.AskAsync(Target)).IsHit);
        await stores.Redis.SendAsync("EVAL", "for _, n in ipairs({'meta', 'body'}) do redis.call('HSET', KEYS[1], n, redis.call('HGET', KEYS[1], n .. ':sealed')) end", "1", Redis);
        await MissAsync(plain, Target);
        await plain.AskAsync(HttpMethod.Put, Target);
        await MissAsync(proxy, Target);
    }

    [Fact]
    public async Task Keys_are_rotated_while_it_runs()
    {
        await using var api = await StubApi.StartAsync(AnswerAsync);
        var (first, second) = (Key(1), Key(2));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address, Encrypted(first, second));
        await proxy.AskAsync(Target);
        await proxy.AskAsync("/api/customers/2");

        // The new key takes the first place: what is there goes on being a hit, what is stored from now on is under it.
        await ReplaceAsync(proxy, first, 3, second, 1);
        Assert.True((await proxy.AskAsync(Target)).IsHit);
        await proxy.AskAsync("/api/customers/3");

        // A file that holds no key changes nothing.
        await File.WriteAllTextAsync(second, "no key", TestContext.Current.CancellationToken);
        await proxy.Log.WaitForAsync("the last good one stays");
        Assert.DoesNotContain(proxy.Log.Messages, static message => message.Contains("no key\"", StringComparison.Ordinal));
        Assert.True((await proxy.AskAsync(Target)).IsHit);

        // The old key goes, and with it what is still under it.
        await ReplaceAsync(proxy, second, 3);
        Assert.True((await proxy.AskAsync("/api/customers/3")).IsHit);
        await MissAsync(proxy, Target);
        await proxy.Log.WaitForAsync("encrypted under a key that is in none");
        Assert.True((await proxy.AskAsync(Target)).IsHit);
    }

    private static Task AnswerAsync(HttpContext context)
    {
        var tenant = context.Request.Headers["X-Tenant-Subdomain"].ToString();
        context.Response.ContentType = "text/plain";
        context.Response.Headers.ETag = "\"v1\"";
        return context.Response.WriteAsync($"secret of {context.Request.Path}{(tenant == "demo" ? "" : " for " + tenant)}");
    }

    private static async Task<string> MissAsync(ProxyUnderTest proxy, string target, params (string Name, string Value)[] headers)
    {
        if (headers is [("X-Tenant-Subdomain", var tenant)])
        {
            proxy.Client.DefaultRequestHeaders.Remove("X-Tenant-Subdomain");
            var other = await proxy.AskAsync(target, headers);
            proxy.Client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");
            Assert.False(other.IsHit, tenant);
            return other.Text;
        }

        var answer = await proxy.AskAsync(target, headers);
        Assert.False(answer.IsHit);
        Assert.EndsWith("; stored", answer.CacheStatus, StringComparison.Ordinal);
        return answer.Text;
    }

    private static (string, string?)[] Encrypted(params string[] keys) =>
        [("CacheProxy:Policies:customer:Encrypt", "true"), ("CacheProxy:Encryption:KeyFiles", string.Join(',', keys))];

    private string Key(byte of)
    {
        var path = Path.Combine(_folder.FullName, $"{of}.key");
        File.WriteAllText(path, KeyText(of));
        return path;
    }

    private static string KeyText(byte of) => Convert.ToBase64String(Enumerable.Repeat(of, 32).ToArray()) + "\n";

    private static async Task ReplaceAsync(ProxyUnderTest proxy, string file, byte key, string? other = null, byte otherKey = 0)
    {
        var before = proxy.Log.Messages.Count(static message => message.StartsWith("Encryption keys in use", StringComparison.Ordinal));
        await File.WriteAllTextAsync(file, KeyText(key), TestContext.Current.CancellationToken);
        if (other is not null)
        {
            await File.WriteAllTextAsync(other, KeyText(otherKey), TestContext.Current.CancellationToken);
        }

        await Eventually.TrueAsync(() => proxy.Log.Messages.Count(static message => message.StartsWith("Encryption keys in use", StringComparison.Ordinal)) > before);
    }
}
