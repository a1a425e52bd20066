using System.Collections.Frozen;
using CacheProxy.Configuration.Checks;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store.Redis;

namespace CacheProxy.Configuration;

/// <summary>Turns values into a checked snapshot, or into the list of everything that is wrong with them.</summary>
internal static class ConfigurationCompiler
{
    /// <summary>The snapshot; <c>null</c> exactly when there are problems.</summary>
    /// <param name="sources">Where the values come from.</param>
    /// <param name="running">
    /// What was set up once and stays: with another key prefix, replicas that have not reloaded yet would not see this one's evictions.
    /// </param>
    /// <param name="problems">Takes everything that is wrong.</param>
    public static ConfigurationSnapshot? Compile(
        ConfigurationSources sources, RedisOptions? running, List<ConfigurationProblem> problems)
    {
        if (sources.Read(problems) is not { } values)
        {
            return null;
        }

        var listeners = KestrelSettings.Read(Reader(values, KestrelSettings.SectionName, problems));
        var logging = LogSettings.Read(Reader(values, LogSettings.SectionName, problems));
        var options = CacheProxySettings.Read(Reader(values, CacheProxySettings.SectionName, problems));
        options = options with { Redis = running ?? options.Redis };
        var policies = new PolicySet(options.Policies, options.Redis.KeyPrefix);
        var proxy = ReadProxy(values, policies, problems);
        return proxy is null || problems.Count > 0
            ? null
            : new ConfigurationSnapshot
            {
                Options = options,
                Listeners = listeners,
                Logging = logging,
                Tenants = new TenantResolver(options.Tenant),
                Credentials = new CredentialFingerprint(options.Credentials),
                Policies = policies,
                CachedRoutes = new CachedRoutes(proxy.Routes, policies),
                Routes = proxy.Routes.ToFrozenDictionary(
                    static route => route.RouteId,
                    route => policies.ForRoute(route.Metadata),
                    StringComparer.OrdinalIgnoreCase),
                Proxy = proxy,
                Values = values,
            };
    }

    private static YarpCandidate? ReadProxy(IConfigurationRoot values, PolicySet policies, List<ConfigurationProblem> problems)
    {
        var before = problems.Count;
        ReverseProxyShape.Check(Reader(values, ReverseProxyShape.SectionName, problems));
        if (problems.Count > before)
        {
            // YARP would stumble over the same values again, one at a time and with less to say.
            return null;
        }

        var proxy = YarpCandidate.Read(values.GetSection(ReverseProxyShape.SectionName), problems);
        if (proxy is not null)
        {
            ProxyChecks.Check(proxy, problems);
            RouteChecks.Check(proxy.Routes, policies, RefusedPolicies(values, policies), problems);
        }

        return proxy;
    }

    private static HashSet<string> RefusedPolicies(IConfigurationRoot values, PolicySet policies) =>
        values.GetSection($"{CacheProxySettings.SectionName}:Policies").GetChildren()
            .Select(static section => section.Key)
            .Where(name => policies.Find(name) is null)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    private static SettingsReader Reader(IConfigurationRoot values, string section, List<ConfigurationProblem> problems) =>
        new SettingsReader(values, problems).Section(section);
}
