using System.Text.Json.Nodes;
using CacheProxy.Configuration.Policies;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Telemetry;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Serilog.Events;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

public sealed class ReloadTests
{
    private const string Refused = "the last good one stays";
    private const string Reloaded = "Configuration reloaded";

    [Fact]
    public async Task A_changed_file_takes_effect_in_cache_and_proxy_alike()
    {
        await using var first = await NamedApi.StartAsync("first");
        await using var second = await NamedApi.StartAsync("second");
        await using var host = await RunningHost.StartAsync(first.Address);
        Assert.Equal("first answers", await host.GetAsync("/api/orders"));

        var json = RunningHost.Shipped(second.Address);
        json["CacheProxy"]!["Policies"]!["customer"]!["Ttl"] = "30s";
        host.Write(json);
        await host.Log.WaitForAsync(Reloaded);

        Assert.Equal(TimeSpan.FromSeconds(30), host.Configuration.Rules.Routes["customer"].Policy!.Options.Ttl);
        await Eventually.TrueAsync(async () => await host.GetAsync("/api/orders") == "second answers");
    }

    [Fact]
    public async Task Every_endpoint_carries_the_policy_of_its_own_configuration()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        await Eventually.TrueAsync(() => Task.FromResult(CachingOf(host, "customer")?.Policy?.Options.Ttl == TimeSpan.FromMinutes(5)));

        // The route itself is as it was: only the policy that it names is another one.
        var json = RunningHost.Shipped(api.Address);
        json["CacheProxy"]!["Policies"]!["customer"]!["Ttl"] = "30s";
        host.Write(json);
        await host.Log.WaitForAsync(Reloaded);

        await Eventually.TrueAsync(() => Task.FromResult(CachingOf(host, "customer")?.Policy?.Options.Ttl == TimeSpan.FromSeconds(30)));
        Assert.Same(host.Configuration.Rules.Routes["customer"].Policy, CachingOf(host, "customer")!.Policy);
    }

    [Fact]
    public async Task A_bad_value_is_refused_once_and_changes_nothing()
    {
        await using var first = await NamedApi.StartAsync("first");
        await using var second = await NamedApi.StartAsync("second");
        await using var host = await RunningHost.StartAsync(first.Address);
        var before = host.Configuration;

        var bad = RunningHost.Shipped(second.Address);
        bad["CacheProxy"]!["Policies"]!["customer"]!["Ttl"] = 300;
        bad["CacheProxy"]!["Policies"]!["customer"]!["Tll"] = "5m";
        host.Write(bad);
        await host.Log.WaitForAsync(Refused);

        Assert.Same(before, host.Configuration);
        Assert.Equal("first answers", await host.GetAsync("/api/orders"));
        var error = Assert.Single(host.Log.Events, static logged => logged.Level >= LogEventLevel.Error);
        Assert.Contains("CacheProxy:Policies:customer:Ttl = \\\"300\\\"", error.RenderMessage());
        Assert.Contains("did you mean CacheProxy:Policies:customer:Ttl?", error.RenderMessage());

        host.Write(RunningHost.Shipped(second.Address));
        await host.Log.WaitForAsync(Reloaded);
        await Eventually.TrueAsync(async () => await host.GetAsync("/api/orders") == "second answers");
        Assert.Single(host.Log.Events, static logged => logged.Level >= LogEventLevel.Error);
    }

    [Fact]
    public async Task What_only_YARP_would_refuse_changes_nothing_of_ours_either()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        var before = host.Configuration;

        var bad = RunningHost.Shipped(api.Address);
        bad["CacheProxy"]!["Policies"]!["customer"]!["Ttl"] = "30s";
        bad["ReverseProxy"]!["Clusters"]!["customer-api"]!["LoadBalancingPolicy"] = "Wishful";
        host.Write(bad);
        await host.Log.WaitForAsync(Refused);

        Assert.Same(before, host.Configuration);
        Assert.Equal("api answers", await host.GetAsync("/api/orders"));
    }

    [Fact]
    public async Task Malformed_JSON_is_refused_with_its_line()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        var before = host.Configuration;

        host.Write("{\n  \"CacheProxy\": {\n    \"Policies\": oops\n  }\n}");
        await host.Log.WaitForAsync(Refused);

        Assert.Contains(host.Log.Messages, static message => message.Contains("line 3"));
        Assert.Same(before, host.Configuration);
        Assert.Equal("api answers", await host.GetAsync("/api/orders"));
    }

    [Fact]
    public async Task A_vanished_file_changes_nothing_until_it_is_back()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        var before = host.Configuration;

        File.Delete(host.File);
        await host.Log.WaitForAsync(Refused);

        Assert.Contains(host.Log.Messages, static message => message.Contains("the file was there at the start"));
        Assert.Same(before, host.Configuration);
        Assert.Equal("api answers", await host.GetAsync("/api/orders"));

        host.Write(RunningHost.Shipped(api.Address));
        await host.Log.WaitForAsync(Reloaded);
    }

    [Fact]
    public async Task A_mounted_ConfigMap_wins_over_the_file_beside_the_program_and_is_followed_when_its_link_is_swapped()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address, static directory =>
        {
            var mount = Directory.CreateDirectory(Path.Combine(directory, "config")).FullName;
            WriteVersion(mount, "..1", "1m");
            WriteVersion(mount, "..2", "2m");
            Directory.CreateSymbolicLink(Path.Combine(mount, "..data"), "..1");
            File.CreateSymbolicLink(Path.Combine(mount, "appsettings.json"), Path.Combine("..data", "appsettings.json"));
        });
        Assert.Equal(TimeSpan.FromMinutes(1), host.Configuration.Options.Policies[0].Ttl);

        var data = Path.Combine(host.Directory, "config", "..data");
        Directory.Delete(data);
        Directory.CreateSymbolicLink(data, "..2");

        await Eventually.TrueAsync(() => Task.FromResult(host.Configuration.Options.Policies[0].Ttl == TimeSpan.FromMinutes(2)));
    }

    [Theory]
    [InlineData("Kestrel:Endpoints:Proxy:Url", "http://127.0.0.1:1", "Kestrel")]
    [InlineData("CacheProxy:Redis:KeyPrefix", "other:", "CacheProxy:Redis")]
    [InlineData("CacheProxy:Memory:UnreadTimeout", "5s", "CacheProxy:Memory")]
    [InlineData("CacheProxy:InlineSockets", "true", "CacheProxy:InlineSockets")]
    public async Task What_is_set_up_once_stays_and_says_that_it_waits_for_the_next_start(string key, string value, string section)
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);

        var json = RunningHost.Shipped(api.Address);
        var path = key.Split(':');
        path[..^1].Aggregate(json, static (node, name) => node[name] ??= new JsonObject())[path[^1]] = value;
        host.Write(json);
        await host.Log.WaitForAsync(Reloaded);

        Assert.Contains($"The changed configuration of \"{section}\" takes effect at the next start", host.Log.Messages);
        Assert.Equal("", host.Configuration.Options.Redis.KeyPrefix);
        Assert.Equal("api answers", await host.GetAsync("/api/orders"));
    }

    [Fact]
    public async Task Log_levels_follow()
    {
        await using var api = await NamedApi.StartAsync("api");
        await using var host = await RunningHost.StartAsync(api.Address);
        var events = host.App.Services.GetRequiredService<CacheEventLog>();
        var texts = new CacheEventTexts("customer");
        events.Hit(texts, "demo", "1");
        Assert.DoesNotContain("Customer cache hit", host.Log.Messages);

        var json = RunningHost.Shipped(api.Address);
        json["Serilog"]!["MinimumLevel"]!["Default"] = "Debug";
        host.Write(json);
        await host.Log.WaitForAsync(Reloaded);

        events.Hit(texts, "demo", "1");
        Assert.Contains("Customer cache hit", host.Log.Messages);
    }

    private static void WriteVersion(string mount, string name, string ttl)
    {
        var directory = Directory.CreateDirectory(Path.Combine(mount, name)).FullName;
        var json = $$"""{ "CacheProxy": { "Policies": { "customer": { "Ttl": "{{ttl}}" } } } }""";
        File.WriteAllText(Path.Combine(directory, "appsettings.json"), json);
    }

    private static RouteCaching? CachingOf(RunningHost host, string route) => ((IEndpointRouteBuilder)host.App).DataSources
        .SelectMany(static source => source.Endpoints)
        .SingleOrDefault(endpoint => endpoint.DisplayName == route)
        ?.Metadata.GetMetadata<RouteCaching>();
}
