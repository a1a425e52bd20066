using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Proxy;

/// <summary>
/// A request of the sidecar's own, made from a client's: the same target and headers, but no client that waits and no connection that it
/// could hold up. It is a GET, or one that has the same content as the client's.
/// </summary>
internal static class DetachedRequest
{
    /// <param name="client">The client's request. It may end while the detached one goes on.</param>
    /// <param name="hasContent">Whether it has the client's method and, from whoever sends it, the client's content.</param>
    public static HttpContext Of(HttpContext client, bool hasContent)
    {
        var request = client.Features.GetRequiredFeature<IHttpRequestFeature>();
        var headers = new HeaderDictionary();
        foreach (var (name, values) in request.Headers)
        {
            headers[name] = values;
        }

        headers.Remove("Range");
        headers.Remove("If-Range");
        var hasBody = hasContent && client.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };
        var features = Features(
            new HttpRequestFeature
            {
                Method = hasContent ? request.Method : HttpMethods.Get,
                Protocol = request.Protocol,
                Scheme = request.Scheme,
                PathBase = request.PathBase,
                Path = request.Path,
                QueryString = request.QueryString,
                RawTarget = request.RawTarget,
                Headers = headers,
                Body = Stream.Null,
            },
            hasBody ? RequestBody.Some : RequestBody.None);
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

    /// <summary>What every request has that no client sends: its answer goes nowhere.</summary>
    public static FeatureCollection Features(HttpRequestFeature request, RequestBody body)
    {
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(request);
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(Stream.Null));
        features.Set<IHttpRequestBodyDetectionFeature>(body);
        return features;
    }

    private static IReverseProxyFeature Proxied(IReverseProxyFeature client) => new ReverseProxyFeature
    {
        Route = client.Route,
        Cluster = client.Cluster,
        AllDestinations = client.AllDestinations,
        AvailableDestinations = client.AvailableDestinations,
    };
}

/// <summary>Whether a request has a body.</summary>
internal sealed class RequestBody(bool exists) : IHttpRequestBodyDetectionFeature
{
    public static readonly RequestBody None = new(exists: false);
    public static readonly RequestBody Some = new(exists: true);

    public bool CanHaveBody => exists;
}
