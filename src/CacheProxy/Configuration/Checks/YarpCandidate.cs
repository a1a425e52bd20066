using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Checks;

/// <summary>YARP's part of a configuration, parsed and checked by YARP itself without touching the YARP that runs.</summary>
internal sealed record YarpCandidate(IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters)
{
    /// <summary>Parses with a YARP of its own, which is thrown away; <c>null</c> when that failed.</summary>
    public static YarpCandidate? Read(IConfiguration section, List<ConfigurationProblem> problems)
    {
        using var services = Services(section);
        try
        {
            var config = services.GetRequiredService<IProxyConfigProvider>().GetConfig();
            var candidate = new YarpCandidate(config.Routes, config.Clusters);
            candidate.Check(services.GetRequiredService<IConfigValidator>(), problems);
            return candidate;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException)
        {
            // What YARP cannot read becomes a problem of the whole section; its message names the value.
            problems.Add(new ConfigurationProblem(ReverseProxyShape.SectionName, null, exception.Message));
            return null;
        }
    }

    private static ServiceProvider Services(IConfiguration section)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy().LoadFromConfig(section);
        return services.BuildServiceProvider();
    }

    private void Check(IConfigValidator validator, List<ConfigurationProblem> problems)
    {
        foreach (var cluster in Clusters)
        {
            Add($"{ReverseProxyShape.SectionName}:Clusters:{cluster.ClusterId}", validator.ValidateClusterAsync(cluster), problems);
        }

        foreach (var route in Routes)
        {
            Add($"{ReverseProxyShape.SectionName}:Routes:{route.RouteId}", validator.ValidateRouteAsync(route), problems);
        }
    }

    private static void Add(string key, ValueTask<IList<Exception>> errors, List<ConfigurationProblem> problems)
    {
        // YARP's validators await nothing that runs elsewhere; at start and reload a thread could wait in any case.
        foreach (var error in errors.AsTask().GetAwaiter().GetResult())
        {
            problems.Add(new ConfigurationProblem(key, null, error.Message));
        }
    }
}
