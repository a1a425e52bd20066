using System.Globalization;
using System.Reflection;
using System.Security.Authentication;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Checks;

/// <summary>YARP's part of a configuration, parsed and checked by YARP itself without touching the YARP that runs.</summary>
internal sealed record YarpCandidate(IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters)
{
    /// <summary>Parses with a temporary YARP; <c>null</c> when that fails.</summary>
    /// <param name="section">What YARP can parse.</param>
    /// <param name="misshapen">What has been left out of it: YARP would only find that something is missing there.</param>
    /// <param name="problems">Receives every problem.</param>
    public static YarpCandidate? Read(IConfiguration section, MisshapenKeys misshapen, List<ConfigurationProblem> problems)
    {
        using var services = Services(section);
        try
        {
            var config = services.GetRequiredService<IProxyConfigProvider>().GetConfig();
            var candidate = new YarpCandidate(config.Routes, config.Clusters);
            candidate.Check(services.GetRequiredService<IConfigValidator>(), misshapen, problems);
            return candidate;
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or InvalidOperationException)
        {
            // What YARP cannot read is reported as a problem of the whole section; its message names the value.
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

    private void Check(IConfigValidator validator, MisshapenKeys misshapen, List<ConfigurationProblem> problems)
    {
        foreach (var cluster in Clusters)
        {
            var key = ReverseProxyShape.KeyOf(cluster);
            if (!misshapen.AnyIn(key))
            {
                Add(key, validator.ValidateClusterAsync(cluster), problems);
            }
        }

        foreach (var route in Routes)
        {
            var key = ReverseProxyShape.KeyOf(route);
            if (!misshapen.AnyIn($"{key}:{nameof(RouteConfig.Match)}"))
            {
                Add(key, validator.ValidateRouteAsync(route), problems);
            }
        }
    }

    private static void Add(string key, ValueTask<IList<Exception>> errors, List<ConfigurationProblem> problems)
    {
        // YARP's validators complete synchronously; if one ever does not, a start or reload may block a thread.
        foreach (var error in errors.AsTask().GetAwaiter().GetResult())
        {
            problems.Add(new ConfigurationProblem(key, null, error.Message));
        }
    }
}

/// <summary>
/// Compares the section <c>ReverseProxy</c> with the properties of YARP's own configuration records, because YARP ignores keys that it
/// does not know. Runs only at start and reload.
/// </summary>
internal static class ReverseProxyShape
{
    public const string SectionName = "ReverseProxy";

    public static string KeyOf(RouteConfig route) => $"{SectionName}:Routes:{route.RouteId}";

    public static string KeyOf(ClusterConfig cluster) => $"{SectionName}:Clusters:{cluster.ClusterId}";

    /// <summary>Finds unknown keys, and values that do not parse. YARP checks what the values mean.</summary>
    public static void Check(SettingsReader reader)
    {
        foreach (var route in reader.Section("Routes").Sections())
        {
            CheckRecord(route, typeof(RouteConfig), nameof(RouteConfig.RouteId));
        }

        foreach (var cluster in reader.Section("Clusters").Sections())
        {
            CheckRecord(cluster, typeof(ClusterConfig), nameof(ClusterConfig.ClusterId));
        }

        reader.RefuseTheRest();
    }

    private static void CheckRecord(SettingsReader reader, Type record, string? nameOfSection = null)
    {
        foreach (var property in record.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.Name != nameOfSection)
            {
                CheckProperty(reader, property);
            }
        }

        reader.RefuseTheRest();
    }

    private static void CheckProperty(SettingsReader reader, PropertyInfo property)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        if (property.Name is nameof(RouteConfig.Metadata) or nameof(RouteConfig.Transforms))
        {
            reader.Know(property.Name);
        }
        else if (type == typeof(SslProtocols))
        {
            reader.List(property.Name, [], "Tls12 or Tls13", static text => Enum.TryParse<SslProtocols>(text, true, out _) ? text : null);
        }
        else if (ElementOf(type) is { } element)
        {
            CheckEach(reader, property.Name, element);
        }
        else if (type.IsClass && type.Assembly == typeof(RouteConfig).Assembly)
        {
            CheckRecord(reader.Section(property.Name), type);
        }
        else
        {
            CheckValue(reader, property.Name, type);
        }
    }

    private static void CheckEach(SettingsReader reader, string name, Type element)
    {
        if (element == typeof(string))
        {
            reader.List(name, [], "text", static text => text);
            return;
        }

        foreach (var item in reader.Section(name).Sections())
        {
            CheckRecord(item, element);
        }
    }

    private static void CheckValue(SettingsReader reader, string name, Type type)
    {
        if (reader.Text(name) is { } text && AllowedInstead(text, type) is { } allowed)
        {
            reader.Refuse(name, text, allowed);
        }
    }

    private static string? AllowedInstead(string text, Type type)
    {
        var (fits, allowed) = type switch
        {
            _ when type == typeof(bool) => (bool.TryParse(text, out _), "true or false"),
            _ when type == typeof(int) => (IsNumber<int>(text), "a whole number"),
            _ when type == typeof(long) => (IsNumber<long>(text), "a whole number"),
            _ when type == typeof(double) => (double.TryParse(text, CultureInfo.InvariantCulture, out _), "a number"),
            _ when type == typeof(TimeSpan) => (
                TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out _), "a duration in YARP's form, such as 00:00:30"),
            _ when type == typeof(Version) => (
                Version.TryParse(text.Contains('.') ? text : text + ".0", out _), "an HTTP version such as 1.1 or 2"),
            _ when type == typeof(Uri) => (Uri.TryCreate(text, UriKind.Absolute, out _), "an absolute address"),
            { IsEnum: true } => (
                Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase), $"one of {string.Join(", ", Enum.GetNames(type))}"),
            _ => (true, ""),
        };
        return fits ? null : allowed;
    }

    private static bool IsNumber<T>(string text)
        where T : IParsable<T> => T.TryParse(text, CultureInfo.InvariantCulture, out _);

    // A list's element, or the value of a dictionary whose keys are the operator's names.
    private static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var generic
        && (generic == typeof(IReadOnlyList<>) || generic == typeof(IReadOnlyDictionary<,>))
            ? type.GetGenericArguments()[^1]
            : null;
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
