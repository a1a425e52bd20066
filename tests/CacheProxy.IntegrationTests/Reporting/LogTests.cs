using CacheProxy.IntegrationTests.Harness;
using Serilog.Events;
using Xunit;

namespace CacheProxy.IntegrationTests.Reporting;

/// <summary>What the four steps of the requirement, and everything else, leave in the log.</summary>
public sealed class LogTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    private const string Customer = "/api/customers/123";

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Read_read_update_read_is_cached_hit_invalidated_cached(StoreKind store)
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await stores.StartAsync(store, api.Address);

        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(HttpMethod.Put, Customer);
        await proxy.AskAsync(Customer);

        string[] texts = ["Customer cached", "Customer cache hit", "Customer cache invalidated", "Customer cached"];
        // The client of a fill does not wait for what the store replies.
        await Eventually.TrueAsync(() => CacheEvents.Of(proxy).Count() == texts.Length);
        Assert.Equal(texts.Select(static text => text + " {customerId=\"123\", tenantId=\"demo\"}"), CacheEvents.Of(proxy));
    }

    [Fact]
    public async Task Requests_that_the_cache_has_no_part_in_leave_nothing()
    {
        await using var api = await StubApi.StartAsync(Answers.Status(404, "none"));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        await proxy.AskAsync("/api/customers");
        await proxy.AskAsync("/api/customers/search?q=a");
        await proxy.AskAsync(HttpMethod.Post, "/api/customers");
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer, ("Cache-Control", "no-store"));

        Assert.Empty(CacheEvents.Of(proxy));
    }

    [Fact]
    public async Task At_Information_no_request_leaves_a_line_but_the_first_that_the_API_does_not_answer()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("Serilog:MinimumLevel:Default", "Information")]);
        var before = proxy.Log.Events.Count;

        await proxy.AskAsync(Customer);
        await proxy.AskAsync(Customer);
        await proxy.AskAsync(HttpMethod.Put, Customer);
        Assert.Equal(before, proxy.Log.Events.Count);

        api.Handler = static context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };
        await proxy.AskAsync(Customer);
        await proxy.AskAsync("/other");
        Assert.Contains("does not answer", Assert.Single(proxy.Log.Messages.Skip(before)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_credential_and_no_body_is_ever_logged()
    {
        const string Secret = "s3cr3t";
        await using var api = await StubApi.StartAsync(Answers.Body("body of " + Secret));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("Serilog:MinimumLevel:Default", "Verbose")]);

        await proxy.AskAsync(Customer + "?token=" + Secret, ("Authorization", "Bearer " + Secret), ("Cookie", "a=" + Secret), ("X-Api-Key", Secret));
        await proxy.AskAsync(HttpMethod.Put, Customer, ("Authorization", "Bearer " + Secret));

        Assert.Contains(proxy.Log.Events, static logged => logged.Level == LogEventLevel.Debug);
        Assert.DoesNotContain(
            proxy.Log.Events,
            static logged => logged.RenderMessage().Contains(Secret, StringComparison.Ordinal)
                || logged.Properties.Values.Any(static value => value.ToString().Contains(Secret, StringComparison.Ordinal)));
    }
}
