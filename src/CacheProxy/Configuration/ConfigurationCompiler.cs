using CacheProxy.Configuration.Checks;
using CacheProxy.Configuration.Policies;
using CacheProxy.Store.Redis;

namespace CacheProxy.Configuration;

/// <summary>Turns values into a checked snapshot, or into a list of all problems.</summary>
internal static class ConfigurationCompiler
{
    /// <summary>The snapshot; <c>null</c> exactly when there are problems.</summary>
    /// <param name="sources">Where the values come from.</param>
    /// <param name="running">
    /// The Redis options in use, which a reload keeps: with another key prefix, replicas that have not reloaded yet would not see this
    /// one's evictions.
    /// </param>
    /// <param name="problems">Receives every problem.</param>
    public static ConfigurationSnapshot? Compile(
        ConfigurationSources sources, RedisOptions? running, List<ConfigurationProblem> problems)
    {
        if (sources.Read(problems) is not { } values)
        {
            return null;
        }

        var listeners = KestrelSettings.Read(Reader(values, KestrelSettings.SectionName, problems));
        var logging = TelemetrySettings.ReadLogging(Reader(values, TelemetrySettings.LogSection, problems));
        var options = CacheProxySettings.Read(Reader(values, CacheProxySettings.SectionName, problems));
        options = options with { Redis = running ?? options.Redis };
        var policies = new PolicySet(options.Policies, options.Redis.KeyPrefix);
        var proxy = ReadProxy(values, policies, problems);
        return proxy is null || problems.Count > 0
            ? null
            : new ConfigurationSnapshot
            {
                Options = options,
                Rules = new RequestRules(options, policies, proxy.Routes),
                Listeners = listeners,
                Logging = logging,
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
            // YARP would fail on the same values, one at a time and with less precise messages.
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
