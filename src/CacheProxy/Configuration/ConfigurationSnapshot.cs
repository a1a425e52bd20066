using System.Collections.Frozen;
using CacheProxy.Observability;
using CacheProxy.Policies;
using CacheProxy.Tenancy;

namespace CacheProxy.Configuration;

/// <summary>One whole configuration: read, checked, compiled, immutable.</summary>
internal sealed record ConfigurationSnapshot
{
    public required CacheProxyOptions Options { get; init; }

    public required ListenerSettings Listeners { get; init; }

    public required LogLevels LogLevels { get; init; }

    public required TenantResolver Tenants { get; init; }

    public required PolicySet Policies { get; init; }

    /// <summary>
    /// By route id. Requests do not look here: each YARP endpoint carries the <see cref="RouteCaching"/> that it was built with, so that
    /// a request is never matched by one configuration and keyed by the next.
    /// </summary>
    public required FrozenDictionary<string, RouteCaching> Routes { get; init; }

    public required YarpCandidate Proxy { get; init; }

    /// <summary>All values that were read, for whom the start configures once (Kestrel, Serilog).</summary>
    public required IConfigurationRoot Values { get; init; }
}
