using System.Diagnostics;
using System.Globalization;
using CacheProxy.Telemetry;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace CacheProxy.Proxy;

/// <summary>
/// The spans of HTTP, by the semantic conventions but for three things: no path, query or host of the client's is ever told, since ids, tenants
/// and credentials are in them. The route's template stands for the path.
/// </summary>
internal static class RequestSpans
{
    private const string TraceParent = "traceparent";
    private const string TraceState = "tracestate";
    private const string StatusCode = "http.response.status_code";
    private const string OtherMethod = "_OTHER";

    /// <summary>Where requests are traced, a span for every request of a client.</summary>
    public static void Use(IApplicationBuilder app)
    {
        if (AreMade(app.ApplicationServices))
        {
            app.Use(static next => context => AnswerAsync(context, next));
        }
    }

    /// <summary>And one for every request that the API is asked, whether for a client or for the cache itself.</summary>
    public static void UseBeforeApi(IApplicationBuilder pipeline)
    {
        if (AreMade(pipeline.ApplicationServices))
        {
            pipeline.Use(static next => context => AskAsync(context, next));
        }
    }

    /// <summary>Passes the context on to the API, and notes what it answered.</summary>
    public static void AddTransforms(TransformBuilderContext context)
    {
        if (AreMade(context.Services))
        {
            context.RequestTransforms.Add(new PassOn());
            context.ResponseTransforms.Add(new NoteStatus());
        }
    }

    // Otherwise nothing stands in a request's way, not even a question.
    private static bool AreMade(IServiceProvider services) => services.GetRequiredService<TelemetryExports>().AreTraced;

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var method = MethodOf(context.Request.Method);
        using var span = Spans.BeginRequest(NameOf(method), ParentOf(context.Request.Headers));
        if (span is not { IsAllDataRequested: true })
        {
            await next(context);
            return;
        }

        Describe(span, method, context.Request);
        try
        {
            await next(context);
        }
        catch (Exception exception)
        {
            // Not ours to answer: it is only noted.
            Spans.Fail(span, exception.GetType().FullName!);
            throw;
        }
        finally
        {
            End(span, method, context);
        }
    }

    private static void Describe(Activity span, string method, HttpRequest request)
    {
        span.SetTag("http.request.method", method);
        span.SetTag("url.scheme", request.Scheme);
        span.SetTag("network.protocol.version", request.Protocol.StartsWith("HTTP/", StringComparison.Ordinal) ? request.Protocol[5..] : null);
    }

    private static void End(Activity span, string method, HttpContext context)
    {
        if (context.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } route })
        {
            span.DisplayName = $"{NameOf(method)} {route}";
            span.SetTag("http.route", route);
        }

        if (span.Status != ActivityStatusCode.Error)
        {
            var status = context.Response.StatusCode;
            span.SetTag(StatusCode, status);
            if (status >= StatusCodes.Status500InternalServerError)
            {
                Spans.Fail(span, Digits(status));
            }
        }
    }

    private static async Task AskAsync(HttpContext context, RequestDelegate next)
    {
        var method = MethodOf(context.Request.Method);
        using var span = Spans.BeginUpstream(NameOf(method));
        await next(context);
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.SetTag("http.request.method", method);
        var proxied = context.GetReverseProxyFeature();
        span.SetTag("cacheproxy.cluster", proxied.Cluster.Config.ClusterId);
        if (proxied.ProxiedDestination is { } destination)
        {
            span.SetTag("cacheproxy.destination", destination.DestinationId);
            if (Uri.TryCreate(destination.Model.Config.Address, UriKind.Absolute, out var address))
            {
                span.SetTag("server.address", address.Host);
                span.SetTag("server.port", address.Port);
            }
        }

        if (context.Features.Get<IForwarderErrorFeature>() is { } failure && UpstreamFailures.ErrorOf(context, failure) is { } error)
        {
            Spans.Fail(span, UpstreamErrors.ToToken(error));
        }
    }

    private static ActivityContext ParentOf(IHeaderDictionary headers)
    {
        var state = headers.TraceState;
        return headers.TraceParent is { Count: 1 } parent
            && ActivityContext.TryParse(parent[0], StringValues.IsNullOrEmpty(state) ? null : string.Join(',', state!), isRemote: true, out var context)
            ? context
            : default;
    }

    private static string NameOf(string method) => method == OtherMethod ? "HTTP" : method;

    private static string MethodOf(string method) => method switch
    {
        "GET" or "HEAD" or "POST" or "PUT" or "DELETE" or "CONNECT" or "OPTIONS" or "TRACE" or "PATCH" or "QUERY" => method,
        _ => OtherMethod,
    };

    private static string Digits(int status) => status.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// The API's parent is the span of this request to it; where that is not sampled, the client's, which says so. Baggage is the client's.
    /// </summary>
    private sealed class PassOn : RequestTransform
    {
        public override ValueTask ApplyAsync(RequestTransformContext context)
        {
            if (Spans.Current is { Id: { } id } span)
            {
                RemoveHeader(context, TraceParent);
                AddHeader(context, TraceParent, id);
                if (string.IsNullOrEmpty(span.TraceStateString))
                {
                    // What came with a parent that could not be read belongs to no trace.
                    RemoveHeader(context, TraceState);
                }
            }

            return default;
        }
    }

    private sealed class NoteStatus : ResponseTransform
    {
        public override ValueTask ApplyAsync(ResponseTransformContext context)
        {
            if (context.ProxyResponse is { } answer && Spans.Current is { Kind: ActivityKind.Client, IsAllDataRequested: true } span)
            {
                var status = (int)answer.StatusCode;
                span.SetTag(StatusCode, status);
                if (status >= StatusCodes.Status400BadRequest)
                {
                    Spans.Fail(span, Digits(status));
                }
            }

            return default;
        }
    }
}
