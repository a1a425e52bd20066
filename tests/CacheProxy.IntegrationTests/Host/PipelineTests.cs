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

    // Where a route asks for more than a path, the next one gets what it refuses.
    [Theory]
    [InlineData("Match:Methods:0", "HEAD", "/api/customers/1", false)]
    [InlineData("Match:Methods:0", "GET", "/api/customers/1", true)]
    [InlineData("Match:Hosts:0", "other.test", "/api/customers/1", false)]
    [InlineData("Match:QueryParameters:0:Name", "a", "/api/customers/1?b=1", false)]
    [InlineData("Match:QueryParameters:0:Name", "a", "/api/customers/1?a=1", true)]
    [InlineData("Match:Headers:0:Name", "X-Absent", "/api/customers/1", false)]
    [InlineData("Match:Headers:0:Name", "X-Tenant-Subdomain", "/api/customers/1", true)]
    [InlineData("Match:Path", "/api/customers/{id:int}", "/api/customers/a", false)]
    [InlineData("Match:Path", "/api/customers/{id:int}", "/api/customers/1", true)]
    [InlineData("Match:Path", "/api/customers/c{id}", "/api/customers/1", false)]
    [InlineData("Match:Path", "/api/customers/c{id}", "/api/customers/c1", true)]
    [InlineData("Order", "1", "/api/customers/1", false)]
    [InlineData("Order", "-1", "/api/customers/search", true)]
    [InlineData("Order", "0", "/api/customers/search", false)]
    [InlineData("Order", "0", "/api/customers/1/", true)]
    [InlineData("Order", "0", "/api/customers/1", true)]
    [InlineData("Order", "0", "/api/customers/", false)]
    public async Task A_request_takes_the_first_route_that_it_fits(string key, string value, string target, bool isCached)
    {
        await using var api = await StubApi.StartAsync();
        var setting = $"ReverseProxy:Routes:customer:{key}";
        var mode = setting.Replace(":Name", ":Mode", StringComparison.Ordinal);
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [(mode, "Exists"), (setting, value)]);

        var answer = await proxy.AskAsync(target);

        Assert.Equal((200, isCached), (answer.Status, answer.CacheStatus.Length > 0));
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
