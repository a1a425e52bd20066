using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Replicas whose wall clocks are wrong by minutes: deadlines are Redis's to measure, and so is an entry's age.</summary>
public sealed class ShiftedClocksTests
{
    private const string Path = "/api/customers/1";

    [Theory]
    [InlineData(-17, 23)]
    [InlineData(23, -17)]
    public async Task Replicas_whose_clocks_differ_by_minutes_share_entries_ages_and_evictions(int writerMinutes, int readerMinutes)
    {
        var version = 1;
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(context => context.Response.WriteAsync((HttpMethods.IsPut(context.Request.Method)
            ? Interlocked.Increment(ref version)
            : Volatile.Read(ref version)).ToString(CultureInfo.InvariantCulture)));
        await using var writer = await StartAsync(api, server, writerMinutes);
        await using var reader = await StartAsync(api, server, readerMinutes);

        Assert.Equal(("1", false), await ReadAsync(writer));
        Assert.Equal(("1", true), await ReadAsync(reader));
        Assert.Equal(("1", true), await ReadAsync(writer));

        using var content = new StringContent("{}");
        using var write = await writer.Client.PutAsync(Path, content, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)write.StatusCode);
        Assert.Equal(("2", false), await ReadAsync(reader));
        Assert.Equal(("2", true), await ReadAsync(writer));
        Assert.Equal(("2", true), await ReadAsync(reader));
    }

    private static Task<ProxyUnderTest> StartAsync(StubApi api, RedisServer server, int minutes) => ProxyUnderTest.StartAsync(
        api.Address,
        [("CacheProxy:Redis:Timeout", "00:00:10")],
        server.ConnectionString,
        new ShiftedTimeProvider(TimeSpan.FromMinutes(minutes)));

    private static async Task<(string Body, bool IsHit)> ReadAsync(ProxyUnderTest proxy)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.Host = "api.test";
        using var response = await proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var isHit = Assert.Single(response.Headers.GetValues("Cache-Status")).Contains("; hit", StringComparison.Ordinal);
        if (isHit)
        {
            Assert.InRange(response.Headers.Age!.Value.TotalSeconds, 0, 60);
        }

        return (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), isHit);
    }
}
