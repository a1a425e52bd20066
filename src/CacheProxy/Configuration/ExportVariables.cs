using System.Globalization;
using CacheProxy.Telemetry;

namespace CacheProxy.Configuration;

/// <summary>
/// What OpenTelemetry's environment variables say about sending metrics and traces. The library reads most of them itself, but replaces what
/// it cannot read by a default without a word, and leaves those of a single signal out. So they are read here.
/// </summary>
internal sealed class ExportVariables(Func<string, string?> variable, List<ConfigurationProblem> problems)
{
    public const string Disabled = "OTEL_SDK_DISABLED";

    private const string None = "none";
    private const string Otlp = "otlp";

    private static readonly string[] Samplers =
        ["always_on", "always_off", "traceidratio", "parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"];

    /// <summary>Those of this process.</summary>
    public static TelemetryExports Read(List<ConfigurationProblem> problems) =>
        new ExportVariables(Environment.GetEnvironmentVariable, problems).Read();

    /// <summary>
    /// Metrics are sent where an address is named for them; traces, which cost more and change what the API receives, only where they are
    /// asked for: by <c>OTEL_TRACES_EXPORTER=otlp</c>, or by an address of their own.
    /// </summary>
    public TelemetryExports Read()
    {
        var general = Address("OTEL_EXPORTER_OTLP_ENDPOINT");
        Protocol("OTEL_EXPORTER_OTLP_PROTOCOL");
        var metrics = Target("METRICS", out var metricsAddressed);
        var traces = Target("TRACES", out var tracesAddressed);
        var sendsMetrics = Exporter("OTEL_METRICS_EXPORTER", Otlp, "prometheus") ?? (general || metricsAddressed);
        var sendsTraces = Exporter("OTEL_TRACES_EXPORTER", Otlp) ?? tracesAddressed;
        if (string.Equals(Text(Disabled), "true", StringComparison.OrdinalIgnoreCase))
        {
            return TelemetryExports.None;
        }

        if (sendsTraces)
        {
            CheckSampling();
        }

        return new TelemetryExports(sendsMetrics ? metrics : null, sendsTraces ? traces : null)
        {
            ChoosesExemplars = Text("OTEL_METRICS_EXEMPLAR_FILTER") is not null,
        };
    }

    private string? Text(string name) => variable(name) is { Length: > 0 } text ? text : null;

    private OtlpTarget Target(string signal, out bool isAddressed)
    {
        var prefix = $"OTEL_EXPORTER_OTLP_{signal}_";
        isAddressed = Address(prefix + "ENDPOINT");
        return new OtlpTarget(
            isAddressed ? Text(prefix + "ENDPOINT") : null, Protocol(prefix + "PROTOCOL"), Text(prefix + "HEADERS"), Milliseconds(prefix + "TIMEOUT"));
    }

    private bool Address(string name)
    {
        if (Text(name) is not { } text)
        {
            return false;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            Refuse(name, text, "the address of a collector, such as http://localhost:4317");
        }

        return true;
    }

    private string? Protocol(string name)
    {
        var text = Text(name);
        if (text is not (null or "grpc" or "http/protobuf"))
        {
            Refuse(name, text, "grpc or http/protobuf");
        }

        return text;
    }

    private int? Milliseconds(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds > 0)
        {
            return milliseconds;
        }

        Refuse(name, text, "a number of milliseconds");
        return null;
    }

    /// <summary>Whether it is sent by OTLP; <c>null</c> where the variable is not set.</summary>
    private bool? Exporter(string name, params string[] known)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        var words = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (words.Any(word => word != None && !known.Contains(word)) || (words.Contains(None) && words.Length > 1))
        {
            Refuse(name, text, $"{string.Join(", ", known)} or {None}");
        }

        return words.Contains(Otlp);
    }

    private void CheckSampling()
    {
        const string Sampler = "OTEL_TRACES_SAMPLER";
        const string Argument = "OTEL_TRACES_SAMPLER_ARG";
        const string Propagators = "OTEL_PROPAGATORS";
        if (Text(Sampler) is { } sampler && !Samplers.Contains(sampler))
        {
            Refuse(Sampler, sampler, string.Join(", ", Samplers));
        }

        if (Text(Argument) is { } share && Text(Sampler)?.EndsWith("traceidratio", StringComparison.Ordinal) == true
            && !(double.TryParse(share, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1))
        {
            Refuse(Argument, share, "a number from 0 to 1");
        }

        // Baggage passes as every other header does.
        if (Text(Propagators) is { } propagators
            && propagators.Split(',', StringSplitOptions.TrimEntries) is var words
            && (!words.Contains("tracecontext") || words.Any(static word => word is not ("tracecontext" or "baggage"))))
        {
            Refuse(Propagators, propagators, "tracecontext, or tracecontext,baggage");
        }
    }

    private void Refuse(string name, string value, string allowed) => problems.Add(new ConfigurationProblem(name, value, allowed));
}
