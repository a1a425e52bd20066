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

    /// <summary>Answers everything that arrives here; the rest of the pipeline never sees it. What answers is made with the first request.</summary>
    public static void Answer(IApplicationBuilder app, Func<IReadOnlyList<ManagementEndpoint>> endpoints)
    {
        var pipeline = new Lazy<ManagementPipeline>(() => new ManagementPipeline(app.ApplicationServices, endpoints()));
        app.Use(next => context => context.Features.Get<Arrival>() is null ? next(context) : pipeline.Value.AnswerAsync(context));
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
