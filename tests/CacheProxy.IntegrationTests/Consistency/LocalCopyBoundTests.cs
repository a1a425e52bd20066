using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>What <c>MemoryTtl</c> costs: a replica's own copy knows nothing of writes through others.</summary>
public sealed class LocalCopyBoundTests
{
    private const string Path = "/api/customers/1";

    private static readonly TimeSpan MemoryTtl = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_write_through_another_replica_is_unknown_for_MemoryTtl_and_one_through_this_replica_is_known_at_once()
    {
        var version = 1;
        var time = new LeapingTimeProvider();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(context => context.Response.WriteAsync((HttpMethods.IsPut(context.Request.Method)
            ? Interlocked.Increment(ref version)
            : Volatile.Read(ref version)).ToString(CultureInfo.InvariantCulture)));
        await using var one = await StartAsync(api, server, time);
        await using var other = await StartAsync(api, server, time);
        await ReadAsync(one);
        await ReadAsync(one);
        await ReadAsync(other);

        await WriteAsync(one);
        Assert.Equal("2", await ReadAsync(one));
        Assert.Equal("1", await ReadAsync(other));

        time.Leap(MemoryTtl);
        Assert.Equal("2", await ReadAsync(other));
    }

    private static Task<ProxyUnderTest> StartAsync(StubApi api, RedisServer server, TimeProvider time) => ProxyUnderTest.StartAsync(
        api.Address,
        [
            ("CacheProxy:Redis:Timeout", "00:00:10"), ("CacheProxy:Policies:customer:Ttl", "01:00:00"),
            ("CacheProxy:Policies:customer:MemoryTtl", MemoryTtl.ToString("c", CultureInfo.InvariantCulture)),
        ],
        server.ConnectionString,
        time);

    private static async Task<string> ReadAsync(ProxyUnderTest proxy)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.Host = "api.test";
        using var response = await proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static async Task WriteAsync(ProxyUnderTest proxy)
    {
        using var content = new StringContent("{}");
        using var response = await proxy.Client.PutAsync(Path, content, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)response.StatusCode);
    }
}
