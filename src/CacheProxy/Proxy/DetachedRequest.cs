using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Proxy;

/// <summary>
/// A GET of the sidecar's own, made from a client's request: the same target and headers, but no client that waits and no connection
/// that it could hold up.
/// </summary>
internal static class DetachedRequest
{
    /// <param name="client">The client's request. It may end while the detached one goes on.</param>
    public static HttpContext Of(HttpContext client)
    {
        var request = client.Features.GetRequiredFeature<IHttpRequestFeature>();
        var headers = new HeaderDictionary();
        foreach (var (name, values) in request.Headers)
        {
            headers[name] = values;
        }

        headers.Remove("Range");
        headers.Remove("If-Range");
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature
        {
            Method = HttpMethods.Get,
            Protocol = request.Protocol,
            Scheme = request.Scheme,
            PathBase = request.PathBase,
            Path = request.Path,
            QueryString = request.QueryString,
            RawTarget = request.RawTarget,
            Headers = headers,
            Body = Stream.Null,
        });
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpRequestBodyDetectionFeature>(NoRequestBody.Instance);
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature
        {
            RemoteIpAddress = client.Connection.RemoteIpAddress,
            RemotePort = client.Connection.RemotePort,
            LocalIpAddress = client.Connection.LocalIpAddress,
            LocalPort = client.Connection.LocalPort,
            ConnectionId = client.Connection.Id,
        });
        features.Set(Proxied(client.GetReverseProxyFeature()));
        var context = new DefaultHttpContext(features);
        context.SetEndpoint(client.GetEndpoint());
        foreach (var (name, value) in client.Request.RouteValues)
        {
            context.Request.RouteValues[name] = value;
        }

        return context;
    }

    private static IReverseProxyFeature Proxied(IReverseProxyFeature client) => new ReverseProxyFeature
    {
        Route = client.Route,
        Cluster = client.Cluster,
        AllDestinations = client.AllDestinations,
        AvailableDestinations = client.AvailableDestinations,
    };
}

/// <summary>A request that has no body.</summary>
internal sealed class NoRequestBody : IHttpRequestBodyDetectionFeature
{
    public static readonly NoRequestBody Instance = new();

    public bool CanHaveBody => false;
}
