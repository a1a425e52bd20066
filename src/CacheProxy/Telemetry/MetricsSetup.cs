using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.Metrics;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace CacheProxy.Telemetry;

/// <summary>OpenTelemetry as the one carrier of the program's metrics: for <c>/metrics</c> always, by OTLP where the environment names a collector.</summary>
internal static class MetricsSetup
{
    private const string ServiceName = "cacheproxy";
    private const int LastExportMilliseconds = 5000;

    // Many more than the values that their labels have, all together.
    private const int MostClosedSeries = 250;

    /// <summary>Instruments with a label whose values come from the configuration: policies, clusters, streams. Those of all others are the program's own.</summary>
    internal static FrozenSet<string> OpenEnded { get; } = new[]
    {
        "cacheproxy.requests", "cacheproxy.request.duration", "cacheproxy.fills", "cacheproxy.fills.refused",
        "cacheproxy.fills.held.up", "cacheproxy.warm.requests", "cacheproxy.shadow.hits", "cacheproxy.audits", "cacheproxy.writes",
        "cacheproxy.writes.unfenced", "cacheproxy.evictions", "cacheproxy.evictions.unresolved", "cacheproxy.intake.lag",
        "cacheproxy.intake.set_aside", "cacheproxy.upstream.failures",
    }.ToFrozenSet();

    public static void AddTo(IServiceCollection services, TelemetryExports exports)
    {
        services.AddSingleton(exports);
        // By scope and not by AddMeter, which takes every meter of that name in the process: several hosts in one process have one each.
        services.AddMetrics(static metrics =>
            metrics.EnableMetrics(CacheProxyMeter.Name, instrumentName: null, listenerName: null, MeterScope.Local));

        // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last, and so win.
        services.AddOpenTelemetry()
            .ConfigureResource(static resource => resource.Clear().AddService(ServiceName).AddTelemetrySdk().AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                // Room for all series of an instrument is taken when it is made, and for 2,000 if nobody says how many: 200 KB each.
                metrics.AddView(static instrument =>
                    OpenEnded.Contains(instrument.Name) ? null : new MetricStreamConfiguration { CardinalityLimit = MostClosedSeries });
                metrics.AddPrometheusExporter(static page =>
                {
                    // Neither says anything that a scrape does not know.
                    page.ScopeInfoEnabled = false;
                    page.TargetInfoEnabled = false;
                    // A page shows what is true when it is asked for.
                    page.ScrapeResponseCacheDurationMilliseconds = 0;
                });
                if (exports is { AreTraced: true, ChoosesExemplars: false })
                {
                    metrics.SetExemplarFilter(ExemplarFilterType.TraceBased);
                }

                if (exports.Metrics is { } target)
                {
                    metrics.AddOtlpExporter(target.Apply);
                }
            });
    }

    /// <summary>Sends what was measured last: when nothing is measured any more, and what the gauges ask still exists.</summary>
    public static void ExportLastWhenStopped(WebApplication app)
    {
        var provider = app.Services.GetRequiredService<MeterProvider>();
        app.Lifetime.ApplicationStopped.Register(() => provider.Shutdown(LastExportMilliseconds));
    }
}

/// <summary>The one meter that all instruments belong to.</summary>
internal static class CacheProxyMeter
{
    public const string Name = "CacheProxy";
}

/// <summary>The buckets of all durations, in seconds: fine where a hit is, and up to where clients give up.</summary>
internal static class DurationBuckets
{
    public static InstrumentAdvice<double> Advice { get; } = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };
}
