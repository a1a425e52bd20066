using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>A configuration is replaced while a request is between routing and the cache.</summary>
public sealed class ReloadUnderWayTests
{
    private const string Stored = "fwd=uri-miss; fwd-status=200; stored";

    [Theory]
    [InlineData("Policies:customer:Mode", "\"Off\"", Stored, "detail=policy-off")]
    [InlineData("Policies:customer:Credentials", "\"Bypass\"", Stored, "detail=credentials")]
    [InlineData("Tenant:Sources", "[ \"Header:X-Organisation\" ]", Stored, "detail=tenant-absent")]
    [InlineData("Tenant", "{ \"BaseDomains\": [ \"0.1\" ] }", Stored, "detail=tenant-malformed")]
    public async Task A_safe_request_is_judged_by_the_configuration_that_routed_it(string key, string value, string before, string after)
    {
        await using var scene = await Scene.StartAsync();
        var held = scene.SendAsync(HttpMethod.Get, "/api/customers/1", isHeld: true);
        await scene.ReloadAsync(json => Set(json, key, value));

        scene.Release();

        Assert.Contains(before, await held);
        Assert.Contains(after, await scene.SendAsync(HttpMethod.Get, "/api/customers/1"));
    }

    [Fact]
    public async Task So_are_its_credentials()
    {
        await using var scene = await Scene.StartAsync(static json => Set(json, "Policies:customer:Credentials", "\"Bypass\""));
        var held = scene.SendAsync(HttpMethod.Get, "/api/customers/1", isHeld: true);
        await scene.ReloadAsync(static json =>
        {
            Set(json, "Policies:customer:Credentials", "\"Bypass\"");
            Set(json, "Credentials", "{ \"Headers\": [ \"X-Caller\" ] }");
        });

        scene.Release();

        Assert.Contains("detail=credentials", await held);
        Assert.Contains(Stored, await scene.SendAsync(HttpMethod.Get, "/api/customers/1"));
    }

    [Theory]
    [InlineData("/api/customers/1")]
    [InlineData("/api/customers/1;v=2")]
    [InlineData("/api/Other/../customers/1")]
    public async Task A_write_evicts_by_the_configuration_that_routed_it(string target)
    {
        await using var scene = await Scene.StartAsync();
        var held = scene.SendAsync(HttpMethod.Put, target, isHeld: true);
        await scene.ReloadAsync(static json =>
        {
            Set(json, "Tenant:Sources", "[ \"Header:X-Organisation\" ]");
            foreach (var (_, route) in json["ReverseProxy"]!["Routes"]!.AsObject())
            {
                route!.AsObject().Remove("Metadata");
            }
        });

        scene.Release();
        await held;
        Assert.Equal(1, scene.Evictions);

        await scene.SendAsync(HttpMethod.Put, target);
        Assert.Equal(1, scene.Evictions);
    }

    private static void Set(JsonNode json, string key, string value)
    {
        var path = key.Split(':');
        path[..^1].Aggregate(json["CacheProxy"]!, static (node, name) => node[name] ??= new JsonObject())[path[^1]] = JsonNode.Parse(value);
    }

    private sealed class Scene(NamedApi api, RunningHost host, HeldRouting routing) : IAsyncDisposable
    {
        public int Evictions => host.Log.Messages.Count(static message => message == "Customer cache invalidated");

        public static async Task<Scene> StartAsync(Action<JsonNode>? change = null)
        {
            var api = await NamedApi.StartAsync("api");
            var routing = new HeldRouting();
            var host = await RunningHost.StartAsync(
                api.Address,
                directory => File.WriteAllText(Path.Combine(directory, "appsettings.json"), Configuration(api, change)),
                services => services.AddSingleton<MatcherPolicy>(routing));
            return new Scene(api, host, routing);
        }

        /// <summary>The answer's Cache-Status.</summary>
        public async Task<string> SendAsync(HttpMethod method, string target, bool isHeld = false)
        {
            var lines = $"X-Tenant-Subdomain: demo\r\nAuthorization: Bearer a\r\n{(isHeld ? $"{HeldRouting.Header}: 1\r\n" : "")}";
            var answer = await RawHttp.SendAsync(
                host.Proxy.Port, $"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}Content-Length: 0\r\nConnection: close\r\n\r\n");
            return string.Join(", ", answer.Values("Cache-Status"));
        }

        /// <summary>Waits until a request is held, changes the configuration, and waits until new requests are routed by it.</summary>
        public async Task ReloadAsync(Action<JsonNode> change)
        {
            await routing.Gate.ReachedAsync();
            var before = Endpoints();
            host.Write(Configuration(api, change));
            await host.Log.WaitForAsync("Configuration reloaded");
            await Eventually.TrueAsync(() => !Endpoints().Intersect(before).Any());
        }

        public void Release() => routing.Gate.Open();

        public async ValueTask DisposeAsync()
        {
            await host.DisposeAsync();
            await api.DisposeAsync();
        }

        private static string Configuration(NamedApi api, Action<JsonNode>? change)
        {
            var json = RunningHost.Shipped(api.Address);
            json["Serilog"]!["MinimumLevel"]!["Default"] = "Debug";
            change?.Invoke(json);
            return json.ToJsonString();
        }

        private Microsoft.AspNetCore.Http.Endpoint[] Endpoints() =>
            [.. ((IEndpointRouteBuilder)host.App).DataSources.SelectMany(static source => source.Endpoints)];
    }
}
