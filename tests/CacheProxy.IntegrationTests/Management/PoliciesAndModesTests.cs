using System.Text.Json;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.Management;

/// <summary>What is in force, and switching modes at run time.</summary>
public sealed class PoliciesAndModesTests
{
    private const string Customer = "/api/customers/1";
    private const string OfCustomer = "/policies/customer/mode";

    [Fact]
    public async Task The_mode_of_a_policy_is_switched_shown_and_given_back()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        await proxy.AskAsync(Customer);
        Assert.True((await proxy.AskAsync(Customer)).IsHit);

        var switched = await proxy.AdministerAsync(HttpMethod.Put, OfCustomer, """{"mode":"Off"}""");

        Assert.Equal(("Off", "administration", "On"), ModeIn(switched));
        Assert.Contains("policy-off", (await proxy.AskAsync(Customer)).CacheStatus, StringComparison.Ordinal);
        Assert.Contains("cacheproxy_modes_switched{} 1", (await proxy.AskAsync(new Uri(proxy.Management, "/metrics").AbsoluteUri)).Text, StringComparison.Ordinal);
        Assert.Equal(("Off", "administration", "On"), ModeIn(await proxy.AdministerAsync(HttpMethod.Get, "/policies/customer")));
        await Eventually.TrueAsync(() => proxy.Log.Messages.Any(static message =>
            message.Contains("\"PUT\" \"/policies/{name}/mode\", \"mode of policy customer: Off\"", StringComparison.Ordinal)));

        Assert.Equal(("On", "configuration", "On"), ModeIn(await proxy.AdministerAsync(HttpMethod.Delete, OfCustomer)));
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
    }

    [Fact]
    public async Task A_tenant_is_switched_off_and_others_are_served()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, [("CacheProxy:Tenants:demo:MaxEntries", "100")]);
        await proxy.AskAsync(Customer);

        var switched = await proxy.AdministerAsync(HttpMethod.Put, "/tenants/demo/mode", """{"mode":"Off"}""");

        Assert.Equal(("Off", "administration", ""), ModeIn(switched));
        Assert.Contains("tenant-off", (await proxy.AskAsync(Customer)).CacheStatus, StringComparison.Ordinal);
        await proxy.AdministerAsync(HttpMethod.Delete, "/tenants/demo/mode");
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
        Assert.Equal(400, (await proxy.AdministerAsync(HttpMethod.Put, "/tenants/de%20mo/mode", """{"mode":"Off"}""")).Status);
    }

    [Theory]
    [InlineData("/policies/nobody/mode", """{"mode":"Off"}""", 404)]
    [InlineData(OfCustomer, """{"mode":"off"}""", 400)]
    [InlineData(OfCustomer, """{"mode":0}""", 400)]
    [InlineData(OfCustomer, """{"mode":"Off","until":"tomorrow"}""", 400)]
    public async Task What_is_no_mode_or_no_policy_is_refused(string path, string json, int status)
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");

        Assert.Equal(status, (await proxy.AdministerAsync(HttpMethod.Put, path, json)).Status);
        Assert.Equal(("On", "configuration", "On"), ModeIn(await proxy.AdministerAsync(HttpMethod.Get, OfCustomer)));
    }

    [Fact]
    public async Task A_reload_keeps_what_was_switched_unless_it_changes_the_configured_mode()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address, arguments: "--CacheProxy:Management:Tokens=" + ProxyUnderTest.Token);
        await SwitchAsync(host, "Off");

        var json = RunningHost.Shipped(api.Address);
        json["CacheProxy"]!["Policies"]!["customer"]!["Ttl"] = "7m";
        host.Write(json);
        await Eventually.TrueAsync(async () => (await ShowAsync(host)).Contains("\"Ttl\": \"7m\"", StringComparison.Ordinal));
        Assert.Contains("\"mode\": \"Off\"", await ShowAsync(host), StringComparison.Ordinal);

        json["CacheProxy"]!["Policies"]!["customer"]!["Mode"] = "Shadow";
        host.Write(json);
        await Eventually.TrueAsync(async () => (await ShowAsync(host)).Contains("\"mode\": \"Shadow\"", StringComparison.Ordinal));
        Assert.Contains("\"modeFrom\": \"configuration\"", await ShowAsync(host), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_policies_are_shown_with_their_routes_and_options()
    {
        await using var proxy = await ProxyUnderTest.StartAsync("http://127.0.0.1:9");

        using var shown = JsonDocument.Parse((await proxy.AskAsync(new Uri(proxy.Management, "/policies").AbsoluteUri)).Text);

        var customer = shown.RootElement.GetProperty("policies").EnumerateArray().Single(static policy => policy.GetProperty("name").GetString() == "customer");
        Assert.Equal("customer", customer.GetProperty("routes")[0].GetString());
        Assert.Equal("{tenant}:customer:{id}", customer.GetProperty("options").GetProperty("Key").GetString());
    }

    private static async Task SwitchAsync(RunningHost host, string mode)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, new Uri(host.Management, OfCustomer));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + ProxyUnderTest.Token);
        request.Content = new StringContent($$"""{"mode":"{{mode}}"}""", System.Text.Encoding.UTF8, "application/json");
        using var answer = await host.Client.SendAsync(request, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private static Task<string> ShowAsync(RunningHost host) =>
        host.Client.GetStringAsync(new Uri(host.Management, "/policies/customer"), TestContext.Current.CancellationToken);

    private static (string Mode, string From, string Configured) ModeIn(ClientAnswer answer)
    {
        using var json = JsonDocument.Parse(answer.Text);
        string Text(string name) => json.RootElement.TryGetProperty(name, out var value) ? value.GetString()! : "";
        return (Text("mode"), Text("modeFrom"), Text("configuredMode"));
    }
}
