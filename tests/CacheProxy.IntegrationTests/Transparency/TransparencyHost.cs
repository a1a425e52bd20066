using System.Net;
using System.Net.Sockets;
using CacheProxy.Proxy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>The forwarding half of the sidecar between a test's client and its upstream.</summary>
internal sealed class TransparencyHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TransparencyHost(WebApplication app) => _app = app;

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;

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
        // Empty, so that the product's own appsettings.json with its fixed ports has no say here.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRouting();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            KestrelTransparency.Apply(kestrel);
            kestrel.Listen(IPAddress.Loopback, 0, CleartextHttp2.Use);
        });

        var route = new RouteConfig { RouteId = "all", ClusterId = "api", Match = new RouteMatch { Path = "{**path}" }, Transforms = transforms };
        var cluster = new ClusterConfig
        {
            ClusterId = "api",
            HttpRequest = request,
            Destinations = new Dictionary<string, DestinationConfig> { ["primary"] = new() { Address = $"http://127.0.0.1:{upstreamPort}{pathPrefix}" } },
        };
        TransparentForwarding.AddTo(builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]));

        var app = builder.Build();
        app.MapReverseProxy();
        await app.StartAsync();
        return new TransparencyHost(app);
    }

    /// <summary>A port on which nothing listens.</summary>
    public static int DeadPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
