using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace CacheProxy.Telemetry;

/// <summary>Sends the program's metrics by OTLP. Where to, how and how often are OpenTelemetry's own environment variables.</summary>
internal sealed class OtlpExport : IHostedLifecycleService, IDisposable
{
    private const string ServiceName = "cacheproxy";

    private MeterProvider? _provider;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        // OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES come last, and so win.
        _provider = Sdk.CreateMeterProviderBuilder()
            .ConfigureResource(static resource => resource.Clear().AddService(ServiceName).AddTelemetrySdk().AddEnvironmentVariableDetector())
            .AddMeter(CacheProxyMeter.Name)
            .AddOtlpExporter()
            .Build();
        return Task.CompletedTask;
    }

    /// <summary>Nothing is measured any more: what was measured last is sent, while the meters still exist.</summary>
    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _provider?.Dispose();
        _provider = null;
    }
}
