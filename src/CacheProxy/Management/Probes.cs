namespace CacheProxy.Management;

/// <summary>The answers to Kubernetes' probes.</summary>
internal static class Probes
{
    public const string LivePath = "/livez";
    public const string ReadyPath = "/readyz";

    /// <summary>Alive: the process answers.</summary>
    public static Task Live(HttpContext context) => PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, "alive\n");

    /// <summary>
    /// Ready until shutdown begins. Redis does not matter: without it the proxy serves, and a pod taken out of the Service for it would
    /// take the API behind it out too.
    /// </summary>
    public static RequestDelegate Ready(IHostApplicationLifetime lifetime) => context =>
        lifetime.ApplicationStopping.IsCancellationRequested
            ? PlainAnswer.WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "stopping\n")
            : PlainAnswer.WriteAsync(context, StatusCodes.Status200OK, "ready\n");
}
