using System.Collections.Frozen;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace CacheProxy.Management;

/// <summary>
/// The listener beside the proxy's. A connection is marked where it is accepted, so that nothing a request says, neither its Host nor its
/// target, takes it from one listener to the other.
/// </summary>
internal static class ManagementListener
{
    /// <summary>Marks every connection that this endpoint accepts.</summary>
    public static void Mark(ListenOptions endpoint) => endpoint.Use(next => connection =>
    {
        connection.Features.Set(Arrival.Instance);
        return next(connection);
    });

    /// <summary>Answers everything that arrives here; the rest of the pipeline never sees it.</summary>
    /// <param name="app">The whole pipeline.</param>
    /// <param name="pages">What is read, by path.</param>
    /// <param name="actions">What a POST does, by path.</param>
    public static void Answer(
        IApplicationBuilder app, IReadOnlyDictionary<string, RequestDelegate> pages, IReadOnlyDictionary<string, RequestDelegate>? actions = null)
    {
        var answers = pages.ToFrozenDictionary(StringComparer.Ordinal);
        var acts = (actions ?? new Dictionary<string, RequestDelegate>()).ToFrozenDictionary(StringComparer.Ordinal);
        app.Use(next => context => context.Features.Get<Arrival>() is null ? next(context) : Answer(context, answers, acts));
    }

    /// <summary>A short text as the whole answer.</summary>
    public static Task WriteAsync(HttpContext context, int status, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    private static Task Answer(HttpContext context, FrozenDictionary<string, RequestDelegate> pages, FrozenDictionary<string, RequestDelegate> actions)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (actions.TryGetValue(context.Request.Path.Value ?? "", out var act))
        {
            return HttpMethods.IsPost(context.Request.Method) ? act(context) : RefuseMethod(context, HttpMethods.Post, "Only POST.\n");
        }

        if (!pages.TryGetValue(context.Request.Path.Value ?? "", out var page))
        {
            var known = string.Join(", ", pages.Keys.Order(StringComparer.Ordinal));
            return WriteAsync(context, StatusCodes.Status404NotFound, $"Not found. Here are: {known}\n");
        }

        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            return RefuseMethod(context, "GET, HEAD", "Only GET and HEAD.\n");
        }

        return page(context);
    }

    private static Task RefuseMethod(HttpContext context, string allowed, string text)
    {
        context.Response.Headers.Allow = allowed;
        return WriteAsync(context, StatusCodes.Status405MethodNotAllowed, text);
    }

    private sealed class Arrival
    {
        public static readonly Arrival Instance = new();
    }
}

/// <summary>The answers to Kubernetes' probes.</summary>
internal static class Probes
{
    public const string LivePath = "/livez";
    public const string ReadyPath = "/readyz";

    /// <summary>Alive: the process answers.</summary>
    public static Task Live(HttpContext context) => ManagementListener.WriteAsync(context, StatusCodes.Status200OK, "alive\n");

    /// <summary>
    /// Ready until the stop begins, with Redis or without: without it the proxy forwards, and a pod that left its Service because of Redis
    /// would take the API behind it along.
    /// </summary>
    public static RequestDelegate Ready(IHostApplicationLifetime lifetime) => context =>
        lifetime.ApplicationStopping.IsCancellationRequested
            ? ManagementListener.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "stopping\n")
            : ManagementListener.WriteAsync(context, StatusCodes.Status200OK, "ready\n");
}

/// <summary>The page <c>/metrics</c>: what OpenTelemetry's exporter for Prometheus writes, always in the text format.</summary>
internal static class MetricsPage
{
    public const string Path = "/metrics";

    public static RequestDelegate Create(IServiceProvider services)
    {
        var exporter = new ApplicationBuilder(services)
            .UseOpenTelemetryPrometheusScrapingEndpoint(static _ => true)
            .Build();
        return context =>
        {
            // A Prometheus asks for OpenMetrics first. In that format each counter and histogram brings one more series, NAME_created,
            // and the bucket of a second is le="1.0".
            context.Request.Headers.Accept = "text/plain";
            return exporter(context);
        };
    }
}
