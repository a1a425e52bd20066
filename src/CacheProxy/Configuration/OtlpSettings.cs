namespace CacheProxy.Configuration;

/// <summary>The one variable of OpenTelemetry that decides whether metrics are sent; what else there is to say is said in OpenTelemetry's others.</summary>
internal static class OtlpSettings
{
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Whether metrics are sent. The library would take its default for an address that it cannot read, and say so to nobody.</summary>
    public static bool Read(List<ConfigurationProblem> problems)
    {
        if (Environment.GetEnvironmentVariable(EndpointVariable) is not { Length: > 0 } text)
        {
            return false;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            problems.Add(new ConfigurationProblem(EndpointVariable, text, "the address of a collector, such as http://localhost:4317"));
        }

        return true;
    }
}
