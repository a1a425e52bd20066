using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>What of the framework stands between a request and the cache.</summary>
public sealed class PipelineTests
{
    [Fact]
    public async Task A_route_with_a_Timeout_is_answered_504_when_the_API_says_nothing()
    {
        await using var api = await StubApi.StartAsync(static context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted));
        await using var proxy = await ProxyUnderTest.StartAsync(
            api.Address,
            [
                ("ReverseProxy:Routes:customer:Timeout", "00:00:00.200"),
                ("ReverseProxy:Routes:everything-else:Timeout", "00:00:00.200"),
            ]);

        Assert.Equal(504, (await proxy.AskAsync("/api/customers/1")).Status);
        Assert.Equal(504, (await proxy.AskAsync("/orders")).Status);
    }

    // The framework adds its middleware where the service is there.
    [Fact]
    public async Task Nothing_authorizes()
    {
        await using var api = await StubApi.StartAsync();
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        Assert.False(proxy.Services.GetRequiredService<IServiceProviderIsService>().IsService(typeof(IAuthorizationHandlerProvider)));
    }
}
