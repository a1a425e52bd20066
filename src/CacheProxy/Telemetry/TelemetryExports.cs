using OpenTelemetry.Exporter;

namespace CacheProxy.Telemetry;

/// <summary>What is sent to a collector by OTLP; <c>null</c>: nothing of that kind.</summary>
internal sealed record TelemetryExports(OtlpTarget? Metrics, OtlpTarget? Traces)
{
    public static TelemetryExports None { get; } = new(null, null);

    /// <summary>Whether requests are traced.</summary>
    public bool AreTraced => Traces is not null;

    /// <summary>Whether the environment says which measurements bring an example.</summary>
    public bool ChoosesExemplars { get; init; }
}

/// <summary>Where one signal goes in place of where all go; <c>null</c>: as the others.</summary>
internal sealed record OtlpTarget(string? Address, string? Protocol, string? Headers, int? TimeoutMilliseconds)
{
    public void Apply(OtlpExporterOptions options)
    {
        if (Protocol is not null)
        {
            options.Protocol = Protocol == "grpc" ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        }

        if (Address is not null)
        {
            options.Endpoint = new Uri(Address);
        }

        options.Headers = Headers ?? options.Headers;
        options.TimeoutMilliseconds = TimeoutMilliseconds ?? options.TimeoutMilliseconds;
    }
}
