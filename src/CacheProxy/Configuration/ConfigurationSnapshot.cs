using System.Collections.Frozen;
using CacheProxy.Configuration.Checks;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Telemetry;

namespace CacheProxy.Configuration;

/// <summary>One checked configuration, compiled. Immutable; a request reads it once.</summary>
internal sealed class ConfigurationSnapshot
{
    public required CacheProxyOptions Options { get; init; }

    public required TenantResolver Tenants { get; init; }

    public required CredentialFingerprint Credentials { get; init; }

    public required PolicySet Policies { get; init; }

    /// <summary>
    /// What each route's metadata asks for, by route id. A request finds its own at its endpoint, as <see cref="RouteCaching"/> among
    /// the metadata: there it can only be that of the configuration by which the request was routed.
    /// </summary>
    public required FrozenDictionary<string, RouteCaching> Routes { get; init; }

    /// <summary>The paths of the routes that evict.</summary>
    public required CachedRoutes CachedRoutes { get; init; }

    public required ListenerSettings Listeners { get; init; }

    public required LoggingOptions Logging { get; init; }

    public required YarpCandidate Proxy { get; init; }

    /// <summary>All values as read, for what is set up once at the start (Kestrel).</summary>
    public required IConfigurationRoot Values { get; init; }
}
