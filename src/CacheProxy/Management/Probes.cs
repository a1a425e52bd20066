namespace CacheProxy.Management;

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
