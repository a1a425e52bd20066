using CacheProxy.Configuration;
using CacheProxy.Telemetry;
using OpenTelemetry.Exporter;
using Xunit;

namespace CacheProxy.Tests.Configuration;

public sealed class ExportVariablesTests
{
    private const string Collector = "http://collector:4318";

    /// <summary>The variables, and what is sent.</summary>
    public static TheoryData<string, string> Environments => new()
    {
        { "", "" },
        { $"OTEL_EXPORTER_OTLP_ENDPOINT={Collector}", "metrics" },
        { $"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT={Collector}", "metrics" },
        { "OTEL_METRICS_EXPORTER=otlp", "metrics" },
        { $"OTEL_METRICS_EXPORTER=none;OTEL_EXPORTER_OTLP_ENDPOINT={Collector}", "" },
        { $"OTEL_METRICS_EXPORTER=prometheus;OTEL_EXPORTER_OTLP_ENDPOINT={Collector}", "" },
        { "OTEL_METRICS_EXPORTER=prometheus,otlp", "metrics" },
        { "OTEL_TRACES_EXPORTER=otlp", "traces" },
        { $"OTEL_TRACES_EXPORTER=otlp;OTEL_EXPORTER_OTLP_ENDPOINT={Collector}", "metrics, traces" },
        { $"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={Collector}", "traces" },
        { $"OTEL_TRACES_EXPORTER=none;OTEL_EXPORTER_OTLP_TRACES_ENDPOINT={Collector}", "" },
        { $"OTEL_TRACES_EXPORTER=otlp;OTEL_EXPORTER_OTLP_ENDPOINT={Collector};OTEL_SDK_DISABLED=true", "" },
        { "OTEL_TRACES_EXPORTER=otlp;OTEL_TRACES_SAMPLER=parentbased_traceidratio;OTEL_TRACES_SAMPLER_ARG=0.25;OTEL_PROPAGATORS=tracecontext,baggage", "traces" },
        // Nobody samples what is not traced.
        { "OTEL_TRACES_SAMPLER=jaeger_remote;OTEL_PROPAGATORS=b3", "" },
    };

    public static TheoryData<string, string> Refused => new()
    {
        { "OTEL_EXPORTER_OTLP_ENDPOINT=collector:4317", "OTEL_EXPORTER_OTLP_ENDPOINT" },
        { "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=localhost", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" },
        { "OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "OTEL_EXPORTER_OTLP_PROTOCOL" },
        { "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL" },
        { "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT=10s", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT" },
        { "OTEL_TRACES_EXPORTER=jaeger", "OTEL_TRACES_EXPORTER" },
        { "OTEL_TRACES_EXPORTER=otlp,none", "OTEL_TRACES_EXPORTER" },
        { "OTEL_METRICS_EXPORTER=console", "OTEL_METRICS_EXPORTER" },
        { "OTEL_TRACES_EXPORTER=otlp;OTEL_TRACES_SAMPLER=sometimes", "OTEL_TRACES_SAMPLER" },
        { "OTEL_TRACES_EXPORTER=otlp;OTEL_TRACES_SAMPLER=traceidratio;OTEL_TRACES_SAMPLER_ARG=25", "OTEL_TRACES_SAMPLER_ARG" },
        { "OTEL_TRACES_EXPORTER=otlp;OTEL_TRACES_SAMPLER=traceidratio;OTEL_TRACES_SAMPLER_ARG=NaN", "OTEL_TRACES_SAMPLER_ARG" },
        { "OTEL_TRACES_EXPORTER=otlp;OTEL_PROPAGATORS=b3", "OTEL_PROPAGATORS" },
    };

    [Theory]
    [MemberData(nameof(Environments))]
    public void Metrics_and_traces_are_sent_where_the_variables_say_so(string variables, string sent)
    {
        var exports = Read(variables, out var problems);

        Assert.Empty(problems);
        Assert.Equal(sent, string.Join(", ", (string[])[.. exports.Metrics is null ? [] : (string[])["metrics"], .. exports.Traces is null ? [] : (string[])["traces"]]));
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_value_that_cannot_be_used_is_a_problem_that_names_the_variable(string variables, string name)
    {
        Read(variables, out var problems);

        var problem = Assert.Single(problems);
        Assert.Equal(name, problem.Key);
        Assert.NotNull(problem.Value);
        Assert.NotEmpty(problem.Allowed);
    }

    [Fact]
    public void What_is_said_of_one_signal_counts_for_that_signal()
    {
        var exports = Read(
            "OTEL_EXPORTER_OTLP_ENDPOINT=http://metrics:4317;OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=https://traces/in;OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/protobuf;"
            + "OTEL_EXPORTER_OTLP_TRACES_HEADERS=key=1;OTEL_EXPORTER_OTLP_TRACES_TIMEOUT=250",
            out _);
        var (metrics, traces) = (new OtlpExporterOptions(), new OtlpExporterOptions());
        exports.Metrics!.Apply(metrics);
        exports.Traces!.Apply(traces);

        Assert.Equal(
            (new Uri("https://traces/in"), OtlpExportProtocol.HttpProtobuf, "key=1", 250),
            (traces.Endpoint, traces.Protocol, traces.Headers, traces.TimeoutMilliseconds));
        Assert.Equal((OtlpExportProtocol.Grpc, 10_000), (metrics.Protocol, metrics.TimeoutMilliseconds));
    }

    private static TelemetryExports Read(string variables, out List<ConfigurationProblem> problems)
    {
        var values = variables.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(static pair => pair.Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair[1]);
        problems = [];
        return new ExportVariables(values.GetValueOrDefault, problems).Read();
    }
}
