using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Filling;

/// <summary>Fills that race with an API that begins to vary.</summary>
public sealed class VaryRaceTests
{
    private const string Path = "/api/customers/1";

    [Fact]
    public async Task A_response_from_before_the_API_varied_is_not_stored_once_it_is_known_to_vary()
    {
        var gate = new Gate();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(async context =>
        {
            var region = context.Request.Headers["X-Region"].ToString();
            if (region == "north")
            {
                await gate.PassAsync();
                await Answers.SendAsync(context, 200, region);
                return;
            }

            await Answers.SendAsync(context, 200, region, ("Vary", "X-Region"));
        });
        await using var one = await StartAsync(api, server);
        await using var other = await StartAsync(api, server);
        var north = ReadAsync(one, "north");
        await gate.ReachedAsync();
        Assert.Equal("south", (await ReadAsync(other, "south")).Text);
        gate.Open();
        Assert.Equal("north", (await north).Text);

        var nowhere = await ReadAsync(other);
        Assert.Equal(("", false), (nowhere.Text, nowhere.IsHit));
        Assert.True((await ReadAsync(other)).IsHit);
        Assert.True((await ReadAsync(one, "south")).IsHit);
        Assert.False((await ReadAsync(one, "north")).IsHit);
    }

    private static Task<ProxyUnderTest> StartAsync(StubApi api, RedisServer server) =>
        ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Redis:Timeout", "00:00:10")], server.ConnectionString);

    private static Task<ClientAnswer> ReadAsync(ProxyUnderTest proxy, string? region = null) =>
        proxy.AskAsync(Path, region is null ? [("Host", "api.test")] : [("Host", "api.test"), ("X-Region", region)]);
}
