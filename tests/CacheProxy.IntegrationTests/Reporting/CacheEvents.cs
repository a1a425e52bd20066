using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Telemetry;

namespace CacheProxy.IntegrationTests.Reporting;

/// <summary>The events of caching that one host has logged, with their properties, in order.</summary>
internal static class CacheEvents
{
    public static IEnumerable<string> Of(ProxyUnderTest proxy) => proxy.Log.Events
        .Where(static logged => logged.Properties.TryGetValue("SourceContext", out var source)
            && source.ToString().Contains(nameof(CacheEventLog), StringComparison.Ordinal))
        .Select(static logged => logged.RenderMessage() + " {" + string.Join(", ", logged.Properties
            .Where(static property => property.Key != "SourceContext")
            .Select(static property => $"{property.Key}={property.Value}")
            .Order(StringComparer.Ordinal)) + "}");
}
