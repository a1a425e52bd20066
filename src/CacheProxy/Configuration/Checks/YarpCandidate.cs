using System.Collections.Immutable;
using System.Globalization;
using System.Security.Authentication;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

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
/// Compares the section <c>ReverseProxy</c> with the keys of YARP's own configuration records, because YARP ignores keys that it does not
/// know. Runs only at start and reload.
/// </summary>
internal static class ReverseProxyShape
{
    public const string SectionName = "ReverseProxy";

    // Written down instead of read by reflection, which a trimmed program has no metadata for. A test compares them with the records.
    public static ImmutableArray<YarpKey> RouteKeys { get; } =
    [
        .. YarpKey.Of<string>(nameof(RouteConfig.ClusterId), nameof(RouteConfig.AuthorizationPolicy), nameof(RouteConfig.CorsPolicy)),
        .. YarpKey.Of<string>(nameof(RouteConfig.RateLimiterPolicy), nameof(RouteConfig.OutputCachePolicy)),
        .. YarpKey.Of<string>(nameof(RouteConfig.TimeoutPolicy)),
        .. YarpKey.Of<int>(nameof(RouteConfig.Order)),
        .. YarpKey.Of<TimeSpan>(nameof(RouteConfig.Timeout)),
        .. YarpKey.Of<long>(nameof(RouteConfig.MaxRequestBodySize)),
        .. YarpKey.Open(nameof(RouteConfig.Metadata), nameof(RouteConfig.Transforms)),
        YarpKey.Section(nameof(RouteConfig.Match),
        [
            .. YarpKey.ListsOf<string>(nameof(RouteMatch.Methods), nameof(RouteMatch.Hosts)),
            .. YarpKey.Of<string>(nameof(RouteMatch.Path)),
            YarpKey.Each(nameof(RouteMatch.QueryParameters),
            [
                .. YarpKey.Of<string>(nameof(RouteQueryParameter.Name)),
                .. YarpKey.ListsOf<string>(nameof(RouteQueryParameter.Values)),
                .. YarpKey.Of<QueryParameterMatchMode>(nameof(RouteQueryParameter.Mode)),
                .. YarpKey.Of<bool>(nameof(RouteQueryParameter.IsCaseSensitive)),
            ]),
            YarpKey.Each(nameof(RouteMatch.Headers),
            [
                .. YarpKey.Of<string>(nameof(RouteHeader.Name)),
                .. YarpKey.ListsOf<string>(nameof(RouteHeader.Values)),
                .. YarpKey.Of<HeaderMatchMode>(nameof(RouteHeader.Mode)),
                .. YarpKey.Of<bool>(nameof(RouteHeader.IsCaseSensitive)),
            ]),
        ]),
    ];

    public static ImmutableArray<YarpKey> ClusterKeys { get; } =
    [
        .. YarpKey.Of<string>(nameof(ClusterConfig.LoadBalancingPolicy)),
        .. YarpKey.Open(nameof(ClusterConfig.Metadata)),
        YarpKey.Each(nameof(ClusterConfig.Destinations),
        [
            .. YarpKey.Of<string>(nameof(DestinationConfig.Address), nameof(DestinationConfig.Health), nameof(DestinationConfig.Host)),
            .. YarpKey.Open(nameof(DestinationConfig.Metadata)),
        ]),
        YarpKey.Section(nameof(ClusterConfig.SessionAffinity),
        [
            .. YarpKey.Of<bool>(nameof(SessionAffinityConfig.Enabled)),
            .. YarpKey.Of<string>(nameof(SessionAffinityConfig.Policy), nameof(SessionAffinityConfig.FailurePolicy)),
            .. YarpKey.Of<string>(nameof(SessionAffinityConfig.AffinityKeyName)),
            YarpKey.Section(nameof(SessionAffinityConfig.Cookie),
            [
                .. YarpKey.Of<string>(nameof(SessionAffinityCookieConfig.Path), nameof(SessionAffinityCookieConfig.Domain)),
                .. YarpKey.Of<bool>(nameof(SessionAffinityCookieConfig.HttpOnly), nameof(SessionAffinityCookieConfig.IsEssential)),
                .. YarpKey.Of<CookieSecurePolicy>(nameof(SessionAffinityCookieConfig.SecurePolicy)),
                .. YarpKey.Of<SameSiteMode>(nameof(SessionAffinityCookieConfig.SameSite)),
                .. YarpKey.Of<TimeSpan>(nameof(SessionAffinityCookieConfig.Expiration), nameof(SessionAffinityCookieConfig.MaxAge)),
            ]),
        ]),
        YarpKey.Section(nameof(ClusterConfig.HealthCheck),
        [
            .. YarpKey.Of<string>(nameof(HealthCheckConfig.AvailableDestinationsPolicy)),
            YarpKey.Section(nameof(HealthCheckConfig.Passive),
            [
                .. YarpKey.Of<bool>(nameof(PassiveHealthCheckConfig.Enabled)),
                .. YarpKey.Of<string>(nameof(PassiveHealthCheckConfig.Policy)),
                .. YarpKey.Of<TimeSpan>(nameof(PassiveHealthCheckConfig.ReactivationPeriod)),
            ]),
            YarpKey.Section(nameof(HealthCheckConfig.Active),
            [
                .. YarpKey.Of<bool>(nameof(ActiveHealthCheckConfig.Enabled)),
                .. YarpKey.Of<TimeSpan>(nameof(ActiveHealthCheckConfig.Interval), nameof(ActiveHealthCheckConfig.Timeout)),
                .. YarpKey.Of<string>(nameof(ActiveHealthCheckConfig.Policy), nameof(ActiveHealthCheckConfig.Path)),
                .. YarpKey.Of<string>(nameof(ActiveHealthCheckConfig.Query)),
            ]),
        ]),
        YarpKey.Section(nameof(ClusterConfig.HttpClient),
        [
            .. YarpKey.ListsOf<SslProtocols>(nameof(HttpClientConfig.SslProtocols)),
            .. YarpKey.Of<bool>(nameof(HttpClientConfig.DangerousAcceptAnyServerCertificate)),
            .. YarpKey.Of<bool>(nameof(HttpClientConfig.EnableMultipleHttp2Connections)),
            .. YarpKey.Of<int>(nameof(HttpClientConfig.MaxConnectionsPerServer)),
            .. YarpKey.Of<string>(nameof(HttpClientConfig.RequestHeaderEncoding), nameof(HttpClientConfig.ResponseHeaderEncoding)),
            YarpKey.Section(nameof(HttpClientConfig.WebProxy),
            [
                .. YarpKey.Of<Uri>(nameof(WebProxyConfig.Address)),
                .. YarpKey.Of<bool>(nameof(WebProxyConfig.BypassOnLocal), nameof(WebProxyConfig.UseDefaultCredentials)),
            ]),
        ]),
        YarpKey.Section(nameof(ClusterConfig.HttpRequest),
        [
            .. YarpKey.Of<TimeSpan>(nameof(ForwarderRequestConfig.ActivityTimeout)),
            .. YarpKey.Of<Version>(nameof(ForwarderRequestConfig.Version)),
            .. YarpKey.Of<HttpVersionPolicy>(nameof(ForwarderRequestConfig.VersionPolicy)),
            .. YarpKey.Of<bool>(nameof(ForwarderRequestConfig.AllowResponseBuffering)),
        ]),
    ];

    public static string KeyOf(RouteConfig route) => $"{SectionName}:Routes:{route.RouteId}";

    public static string KeyOf(ClusterConfig cluster) => $"{SectionName}:Clusters:{cluster.ClusterId}";

    /// <summary>Finds unknown keys, and values that do not parse. YARP checks what the values mean.</summary>
    public static void Check(SettingsReader reader)
    {
        foreach (var route in reader.Section("Routes").Sections())
        {
            Check(route, RouteKeys);
        }

        foreach (var cluster in reader.Section("Clusters").Sections())
        {
            Check(cluster, ClusterKeys);
        }

        reader.RefuseTheRest();
    }

    private static void Check(SettingsReader reader, ImmutableArray<YarpKey> keys)
    {
        foreach (var key in keys)
        {
            Check(reader, key);
        }

        reader.RefuseTheRest();
    }

    private static void Check(SettingsReader reader, YarpKey key)
    {
        switch (key.Form)
        {
            case YarpKeyForm.Open:
                reader.Section(key.Name).RefuseSections(levels: key.Name == nameof(RouteConfig.Transforms) ? 1 : 0);
                break;
            case YarpKeyForm.Value:
                CheckValue(reader, key.Name, key.Type);
                break;
            case YarpKeyForm.List when key.Type == typeof(SslProtocols):
                reader.List(key.Name, [], "Tls12 or Tls13", static text => Enum.TryParse<SslProtocols>(text, true, out _) ? text : null);
                break;
            case YarpKeyForm.List:
                reader.List(key.Name, [], "text", static text => text);
                break;
            case YarpKeyForm.Section:
                Check(reader.Section(key.Name), key.Below);
                break;
            case YarpKeyForm.Each:
                foreach (var item in reader.Section(key.Name).Sections())
                {
                    Check(item, key.Below);
                }

                break;
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
}

/// <summary>A key that YARP reads.</summary>
/// <param name="Name">As in the configuration.</param>
/// <param name="Form">What may stand there.</param>
/// <param name="Type">What a value, or each entry of a list, is parsed to.</param>
/// <param name="Below">The keys of the section, or of each section below it.</param>
internal sealed record YarpKey(string Name, YarpKeyForm Form, Type Type, ImmutableArray<YarpKey> Below)
{
    public static IEnumerable<YarpKey> Of<T>(params string[] names) => All(names, YarpKeyForm.Value, typeof(T));

    public static IEnumerable<YarpKey> ListsOf<T>(params string[] names) => All(names, YarpKeyForm.List, typeof(T));

    public static IEnumerable<YarpKey> Open(params string[] names) => All(names, YarpKeyForm.Open, typeof(string));

    public static YarpKey Section(string name, ImmutableArray<YarpKey> below) => new(name, YarpKeyForm.Section, typeof(void), below);

    public static YarpKey Each(string name, ImmutableArray<YarpKey> below) => new(name, YarpKeyForm.Each, typeof(void), below);

    private static IEnumerable<YarpKey> All(string[] names, YarpKeyForm form, Type type) =>
        names.Select(name => new YarpKey(name, form, type, []));
}

/// <summary>
/// What may stand under a key: a value, a list of values, a section, sections whose names or numbers the operator chooses, or anything.
/// </summary>
internal enum YarpKeyForm
{
    Value,
    List,
    Section,
    Each,
    Open,
}
