using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Reading;

public sealed class HitTests
{
    [Fact]
    public async Task A_second_read_is_answered_without_the_API()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("""{"id":1}"""));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        using var first = await proxy.GetAsync("/api/customers/1");
        using var second = await proxy.GetAsync("/api/customers/1");

        Assert.Equal("""{"id":1}""", await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("cacheproxy; hit; ttl=", Assert.Single(second.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.Equal(1, api.Count("GET /api/customers/1"));
    }
}
