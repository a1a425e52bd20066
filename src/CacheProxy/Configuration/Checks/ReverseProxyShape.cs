using System.Globalization;
using System.Reflection;
using System.Security.Authentication;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Configuration.Checks;

/// <summary>
/// Holds the section <c>ReverseProxy</c> against the shape of YARP's own configuration records, because YARP passes over keys that it
/// does not know. Runs at start and reload only.
/// </summary>
internal static class ReverseProxyShape
{
    public const string SectionName = "ReverseProxy";

    /// <summary>Finds unknown keys, and values that do not parse; what the values mean is YARP's to check.</summary>
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
