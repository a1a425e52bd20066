using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.AspNetCore.Routing;

namespace CacheProxy.Tests.Configuration;

/// <summary>What a request gives to keys, and something stored for one.</summary>
internal static class DependencyRequests
{
    public static StoredResponse Stored { get; } = new()
    {
        Status = 200,
        Headers = [],
        Body = default,
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 0,
        Target = "",
    };

    public static KeySource Of(string tenant, params (string Name, string Value)[] values)
    {
        var route = new RouteValueDictionary();
        foreach (var (name, value) in values)
        {
            route[name] = value;
        }

        return new KeySource(TenantName.TryParse(tenant, out var parsed) ? parsed : default, "api.test", "/", route);
    }
}
