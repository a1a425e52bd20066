using System.Collections;

namespace CacheProxy.Configuration;

/// <summary>
/// OpenTelemetry's environment variables. One of them decides whether metrics are sent, and is checked; the library reads the others by
/// itself.
/// </summary>
internal static class OtlpSettings
{
    public const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private const string Prefix = "OTEL_";
    private const string DisabledVariable = "OTEL_SDK_DISABLED";

    /// <summary>Whether metrics are sent. The library would silently replace an address that it cannot read by its default.</summary>
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

        return !string.Equals(Environment.GetEnvironmentVariable(DisabledVariable), "true", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// The variables as configuration, in which the library looks for them. The one that switches the library off is left out: it means
    /// the sending, and <c>/metrics</c> needs the library.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string?>> Variables() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>()
        .Select(static variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value))
        .Where(static variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal) && variable.Key != DisabledVariable);
}
