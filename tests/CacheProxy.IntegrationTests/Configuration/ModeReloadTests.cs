using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Xunit;

namespace CacheProxy.IntegrationTests.Configuration;

/// <summary>A mode that is changed in the file changes what the next request gets, without a restart.</summary>
public sealed class ModeReloadTests
{
    [Fact]
    public async Task From_Shadow_to_On_to_Off()
    {
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var host = await RunningHost.StartAsync(api.Address);
        host.Client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");

        host.Write(InMode(api, "Shadow"));
        await UntilAsync(host, "detail=shadow");
        host.Write(InMode(api, "On"));
        await UntilAsync(host, "cacheproxy; hit");
        host.Write(InMode(api, "Off"));
        await UntilAsync(host, "detail=policy-off");
        host.Write(InMode(api, "On"));
        await UntilAsync(host, "cacheproxy; hit");
    }

    private static JsonNode InMode(StubApi api, string mode)
    {
        var json = RunningHost.Shipped(api.Address);
        json["CacheProxy"]!["Policies"]!["customer"]!["Mode"] = mode;
        return json;
    }

    private static Task UntilAsync(RunningHost host, string status) => Eventually.TrueAsync(async () =>
    {
        var answer = await ClientAnswer.ReadAsync(
            host.Client.GetAsync(new Uri(host.Proxy, "/api/customers/1"), TestContext.Current.CancellationToken));
        return answer.CacheStatus.Contains(status, StringComparison.Ordinal);
    });
}
