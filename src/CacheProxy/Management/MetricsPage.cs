namespace CacheProxy.Management;

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
