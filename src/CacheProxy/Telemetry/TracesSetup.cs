using OpenTelemetry.Trace;

namespace CacheProxy.Telemetry;

/// <summary>OpenTelemetry as the carrier of spans, where the environment asks for traces; its sampler is the one of OTEL_TRACES_SAMPLER.</summary>
internal static class TracesSetup
{
    private const int LastExportMilliseconds = 5000;

    public static void AddTo(IServiceCollection services, TelemetryExports exports)
    {
        if (exports.Traces is { } target)
        {
            services.AddOpenTelemetry().WithTracing(traces => traces.AddSource(Spans.SourceName).AddOtlpExporter(target.Apply));
        }
    }

    /// <summary>Sends the last spans when nothing is asked any more.</summary>
    public static void ExportLastWhenStopped(WebApplication app)
    {
        if (app.Services.GetService<TracerProvider>() is { } provider)
        {
            app.Lifetime.ApplicationStopped.Register(() => provider.Shutdown(LastExportMilliseconds));
        }
    }
}
