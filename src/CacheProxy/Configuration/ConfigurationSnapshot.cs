using CacheProxy.Configuration.Checks;
using CacheProxy.Configuration.Policies;
using CacheProxy.Telemetry;

namespace CacheProxy.Configuration;

/// <summary>One checked configuration, compiled. Immutable. Requests do not see it: what they need travels with their endpoint.</summary>
internal sealed class ConfigurationSnapshot
{
    public required CacheProxyOptions Options { get; init; }

    /// <summary>What requests are judged by.</summary>
    public required RequestRules Rules { get; init; }

    public required ListenerSettings Listeners { get; init; }

    public required LoggingOptions Logging { get; init; }

    public required YarpCandidate Proxy { get; init; }

    /// <summary>All values as read, for what is set up once at the start (Kestrel).</summary>
    public required IConfigurationRoot Values { get; init; }
}
