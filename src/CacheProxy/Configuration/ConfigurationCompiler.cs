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
        var policies = new PolicySet(options.Policies, options.Redis.KeyPrefix, options.Credentials.FingerprintSecret, options.Tenants);
        var proxy = ReadProxy(values, policies, problems);
        return proxy is null || problems.Count > 0
            ? null
            : new ConfigurationSnapshot
            {
                Options = options,
                Policies = policies,
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
        // YARP would fail on these values, one at a time and with less precise messages. It gets the others, so that whatever else is
        // wrong is reported, too.
        var misshapen = new MisshapenKeys(problems.Skip(before).Select(static problem => problem.Key));
        var proxy = YarpCandidate.Read(misshapen.LeaveOut(values), misshapen, problems);
        if (proxy is not null)
        {
            ProxyChecks.Check(proxy, misshapen, problems);
            RouteChecks.Check(proxy.Routes, policies, RefusedPolicies(values, policies), misshapen, problems);
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

/// <summary>Keys of the section <c>ReverseProxy</c> that YARP does not know or cannot parse. They have been reported.</summary>
internal sealed class MisshapenKeys(IEnumerable<string> keys)
{
    private readonly string[] _keys = [.. keys];

    /// <summary>Whether one of them is this key or below it.</summary>
    public bool AnyIn(string key) => _keys.Any(misshapen => IsOrIsBelow(misshapen, key));

    /// <summary>Whether one of them stands directly below the section, such as a misspelt <c>Routes</c>.</summary>
    public bool AnyAtTheTop => _keys.Any(static key => key.Count(static c => c == ':') <= 1);

    /// <summary>The section without them.</summary>
    public IConfiguration LeaveOut(IConfigurationRoot values)
    {
        var section = values.GetSection(ReverseProxyShape.SectionName);
        return _keys.Length == 0
            ? section
            : new ConfigurationBuilder()
                .AddInMemoryCollection(section.AsEnumerable()
                    .Where(pair => pair.Value is not null && !_keys.Any(misshapen => IsOrIsBelow(pair.Key, misshapen))))
                .Build()
                .GetSection(ReverseProxyShape.SectionName);
    }

    private static bool IsOrIsBelow(string key, string other) => key.StartsWith(other, StringComparison.OrdinalIgnoreCase)
        && (key.Length == other.Length || key[other.Length] == ':');
}
