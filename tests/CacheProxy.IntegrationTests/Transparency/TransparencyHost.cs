using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Host;
using CacheProxy.Proxy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>
/// The forwarding half of the sidecar between a test's client and its upstream; as <see cref="ProxyProcess"/>, the whole sidecar with a
/// route that has no policy.
/// </summary>
internal sealed class TransparencyHost : IAsyncDisposable
{
    private readonly IAsyncDisposable _host;

    private TransparencyHost(IAsyncDisposable host, string address) => (_host, Port) = (host, new Uri(address).Port);

    public int Port { get; }

    /// <param name="upstreamPort">Where the API listens.</param>
    /// <param name="pathPrefix">A path in the destination's address, such as <c>/base</c>.</param>
    /// <param name="request">The cluster's <c>HttpRequest</c> section.</param>
    /// <param name="transforms">The route's <c>Transforms</c> section.</param>
    public static async Task<TransparencyHost> StartAsync(
        int upstreamPort,
        string pathPrefix = "/",
        ForwarderRequestConfig? request = null,
        IReadOnlyList<IReadOnlyDictionary<string, string>>? transforms = null)
    {
        var route = new RouteConfig { RouteId = "all", ClusterId = "api", Match = new RouteMatch { Path = "{**path}" }, Transforms = transforms };
        var cluster = new ClusterConfig
        {
            ClusterId = "api",
            HttpRequest = request,
            Destinations = new Dictionary<string, DestinationConfig> { ["primary"] = new() { Address = $"http://127.0.0.1:{upstreamPort}{pathPrefix}" } },
        };
        if (ProxyProcess.IsWanted)
        {
            var host = await RunningHost.StartAsync(
                "", directory => File.WriteAllText(Path.Combine(directory, "appsettings.json"), Settings(route, cluster).ToJsonString()));
            return new TransparencyHost(host, host.Proxy.ToString());
        }

        // Empty, so that the product's own appsettings.json with its fixed ports has no say here.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            KestrelTransparency.Apply(kestrel);
            kestrel.Listen(IPAddress.Loopback, 0, CleartextHttp2.Use);
        });

        TransparentForwarding.AddTo(builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]));

        var app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        return new TransparencyHost(app, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }

    private static JsonObject Settings(RouteConfig route, ClusterConfig cluster) => new()
    {
        ["Kestrel"] = new JsonObject
        {
            ["Endpoints"] = new JsonObject
            {
                ["Proxy"] = new JsonObject { ["Url"] = "http://127.0.0.1:0" },
                ["Management"] = new JsonObject { ["Url"] = "http://127.0.0.1:0" },
            },
        },
        ["ReverseProxy"] = new JsonObject
        {
            ["Routes"] = new JsonObject
            {
                [route.RouteId] = new JsonObject
                {
                    ["ClusterId"] = route.ClusterId,
                    ["Match"] = new JsonObject { ["Path"] = route.Match.Path },
                    ["Transforms"] = new JsonArray([.. (route.Transforms ?? []).Select(Section)]),
                },
            },
            ["Clusters"] = new JsonObject
            {
                [cluster.ClusterId] = new JsonObject
                {
                    ["Destinations"] = new JsonObject { ["primary"] = new JsonObject { ["Address"] = cluster.Destinations!["primary"].Address } },
                    ["HttpRequest"] = new JsonObject
                    {
                        ["ActivityTimeout"] = cluster.HttpRequest?.ActivityTimeout?.ToString("c"),
                        ["Version"] = cluster.HttpRequest?.Version?.ToString(),
                        ["VersionPolicy"] = cluster.HttpRequest?.VersionPolicy?.ToString(),
                        ["AllowResponseBuffering"] = cluster.HttpRequest?.AllowResponseBuffering,
                    },
                },
            },
        },
    };

    private static JsonObject Section(IReadOnlyDictionary<string, string> values) =>
        new(values.Select(static pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));

    /// <summary>A port on which nothing listens.</summary>
    public static int DeadPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is WebApplication app)
        {
            await app.StopAsync();
        }

        await _host.DisposeAsync();
    }
}
