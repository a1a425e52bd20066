using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

public sealed class StatusPageTests
{
    [Fact]
    public async Task The_page_is_there_and_its_events_tell_the_figures_until_the_program_stops()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("body"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        (await proxy.GetAsync("/api/customers/1")).Dispose();
        using var page = await proxy.Client.GetAsync(new Uri(proxy.Management, "/"), TestContext.Current.CancellationToken);
        Assert.Equal("text/html; charset=utf-8", page.Content.Headers.ContentType!.ToString());
        Assert.Contains("nosniff", page.Headers.GetValues("X-Content-Type-Options"));

        using var client = new HttpClient();
        using var events = await client.GetAsync(
            new Uri(proxy.Management, "/events"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var lines = new StreamReader(await events.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));

        Assert.Equal("text/event-stream", events.Content.Headers.ContentType!.ToString());
        Assert.Equal("event: figures", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("""data: {"at":""", await lines.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("", await lines.ReadLineAsync(TestContext.Current.CancellationToken));
        var stopped = proxy.DisposeAsync().AsTask();
        // An answer that broke off would throw.
        await lines.ReadToEndAsync(TestContext.Current.CancellationToken);
        await stopped;
    }

    [Fact]
    public async Task Nothing_of_it_is_on_the_proxys_port()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync("the API's"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        foreach (var path in (string[])["/", "/events", "/statistics"])
        {
            Assert.Equal("the API's", await proxy.Client.GetStringAsync(path, TestContext.Current.CancellationToken));
        }
    }
}
