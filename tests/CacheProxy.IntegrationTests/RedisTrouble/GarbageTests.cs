using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.RedisTrouble;

/// <summary>Fields of a resource that somebody else has written to.</summary>
public sealed class GarbageTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Path = "/api/customers/1";
    private const string Report = "cannot be read";

    [Theory]
    [InlineData("meta", "\u00ff\u00fe garbage")]
    [InlineData("meta", "")]
    [InlineData("meta", "9999999999999")]
    [InlineData("meta", "9999999999999\u00ff\u00fe another token of thirty-two bytes, and more")]
    [InlineData("meta", "{0}\u0000")]
    [InlineData("body", "garbage")]
    [InlineData("body", "")]
    [InlineData("body", "X")]
    [InlineData("vary", "\u00ff\u0001 garbage")]
    [InlineData("vary", "Accept, *")]
    [InlineData("fence", "garbage")]
    [InlineData("fence", "99999999999999999")]
    public Task What_cannot_be_read_is_a_miss_and_the_next_fill_overwrites_it(string field, string value) =>
        IsReplacedAsync(field, meta => value.Replace("{0}", meta, StringComparison.Ordinal));

    [Theory]
    [InlineData("cust", "\u0001\u0002\r\n")]
    [InlineData("\u00c8\u0000", "\u00ff\u0000")]
    [InlineData("X-Kind", "X-\u0000\u0000nd")]
    public Task A_part_that_was_overwritten_is_a_miss_too(string part, string by) => IsReplacedAsync("meta", meta =>
    {
        var at = meta.IndexOf(part, 45, StringComparison.Ordinal);
        Assert.True(at > 0);
        return meta[..at] + by + meta[(at + part.Length)..];
    });

    private async Task IsReplacedAsync(string field, Func<string, string> tamper)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered(("X-Kind", "customer")));
        await using var proxy = await stores.StartAsync(StoreKind.Redis, api.Address);
        Assert.Equal("1", (await proxy.AskAsync(Path)).Text);
        Assert.True((await proxy.AskAsync(Path)).IsHit);
        var meta = await stores.Redis.TextAsync("HGET", TroubleScene.Key, "meta");
        await stores.Redis.SendAsync("HSET", TroubleScene.Key, field, tamper(meta!));

        foreach (var answer in await Task.WhenAll(proxy.AskAsync(Path), proxy.AskAsync(Path)))
        {
            Assert.Equal((200, "2"), (answer.Status, answer.Text));
        }

        var again = await proxy.AskAsync(Path);
        Assert.Equal((200, "2", true), (again.Status, again.Text, again.IsHit));
        Assert.True(proxy.IsStoreAvailable);
        Assert.Single(proxy.Log.Messages, static message => message.Contains(Report, StringComparison.Ordinal));
    }
}
