using System.Net;
using CacheProxy.Filling;
using CacheProxy.Proxy;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Warming;

/// <summary>The way of a request that has no client: routed as any other, and then past the cache to the API.</summary>
internal sealed class WarmPipeline
{
    private RequestDelegate? _routing;

    /// <summary>The rest of the proxy pipeline behind the cache.</summary>
    public RequestDelegate Next { get; private set; } = static _ => throw new InvalidOperationException("The pipeline has not been built.");

    /// <summary>Stands behind the cache, and takes no part in what passes.</summary>
    public RequestDelegate Behind(RequestDelegate next) => Next = next;

    /// <summary>Routes by the same endpoints as clients' requests are.</summary>
    public void RouteAs(IApplicationBuilder app, IEndpointRouteBuilder routes)
    {
        var branch = app.New();
        branch.UseRouting();
        branch.Run(static _ => Task.CompletedTask);
        branch.UseEndpoints(endpoints =>
        {
            foreach (var source in routes.DataSources)
            {
                endpoints.DataSources.Add(source);
            }
        });
        _routing = branch.Build();
    }

    /// <summary>The request, at the endpoint that it would have reached; without one, no route is for it.</summary>
    public async Task<HttpContext> RouteAsync(HotRequest hot, IServiceProvider services, CancellationToken stopping)
    {
        var context = Request(hot);
        context.RequestAborted = stopping;
        await RouteAsync(context, services);
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>() is { Cluster: { } cluster } route)
        {
            context.Features.Set<IReverseProxyFeature>(new ReverseProxyFeature
            {
                Route = route,
                Cluster = cluster.Model,
                AllDestinations = cluster.DestinationsState.AllDestinations,
                AvailableDestinations = cluster.DestinationsState.AvailableDestinations,
            });
        }

        return context;
    }

    /// <summary>Finds the endpoint of a request that is not to be sent.</summary>
    public Task RouteAsync(HttpContext context, IServiceProvider services)
    {
        context.RequestServices = services;
        return _routing!(context);
    }

    private static DefaultHttpContext Request(HotRequest hot)
    {
        var headers = new HeaderDictionary { ["Host"] = hot.Host };
        foreach (var (name, value) in hot.Headers)
        {
            headers.Append(name, value);
        }

        var features = DetachedRequest.Features(
            new HttpRequestFeature
            {
                Method = HttpMethods.Get,
                Protocol = HttpProtocol.Http11,
                Scheme = hot.Scheme,
                // It has nothing that is encoded.
                Path = hot.Path,
                RawTarget = hot.Path,
                Headers = headers,
                Body = Stream.Null,
            },
            RequestBody.None);
        // Without an address: that of the loopback would give it rights at some APIs.
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { ConnectionId = "warm", LocalIpAddress = IPAddress.Loopback });
        return new DefaultHttpContext(features);
    }
}
