using System.Collections.Immutable;
using System.Reflection;
using System.Security.Authentication;
using CacheProxy.Configuration.Checks;
using Xunit;
using Yarp.ReverseProxy.Configuration;

namespace CacheProxy.Tests.Configuration;

/// <summary>The keys that are written down in <see cref="ReverseProxyShape"/> are those of YARP's records.</summary>
public sealed class ReverseProxyShapeTests
{
    [Fact]
    public void The_keys_of_a_route_are_what_YARPs_record_has() =>
        Assert.Equal(Of(typeof(RouteConfig), "").Order(StringComparer.Ordinal), Of(ReverseProxyShape.RouteKeys, "").Order(StringComparer.Ordinal));

    [Fact]
    public void The_keys_of_a_cluster_are_what_YARPs_record_has() =>
        Assert.Equal(Of(typeof(ClusterConfig), "").Order(StringComparer.Ordinal), Of(ReverseProxyShape.ClusterKeys, "").Order(StringComparer.Ordinal));

    private static IEnumerable<string> Of(ImmutableArray<YarpKey> keys, string path) => keys.SelectMany(key => key.Form switch
    {
        YarpKeyForm.Value => [$"{path}{key.Name} = {key.Type.Name}"],
        YarpKeyForm.List => [$"{path}{key.Name}:* = {key.Type.Name}"],
        YarpKeyForm.Open => [$"{path}{key.Name}:*"],
        YarpKeyForm.Each => Of(key.Below, $"{path}{key.Name}:*:"),
        YarpKeyForm.Section => Of(key.Below, $"{path}{key.Name}:"),
    });

    private static IEnumerable<string> Of(Type record, string path) => record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => !IsNameOfSection(record, property))
        .SelectMany(property => Of(property, $"{path}{property.Name}"));

    // The section's own name stands for it.
    private static bool IsNameOfSection(Type record, PropertyInfo property) =>
        (record == typeof(RouteConfig) && property.Name == nameof(RouteConfig.RouteId))
        || (record == typeof(ClusterConfig) && property.Name == nameof(ClusterConfig.ClusterId));

    private static IEnumerable<string> Of(PropertyInfo property, string path)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        return property.Name is nameof(RouteConfig.Metadata) or nameof(RouteConfig.Transforms) ? [$"{path}:*"]
            : type == typeof(SslProtocols) ? [$"{path}:* = {type.Name}"]
            : ElementOf(type) is { } element ? element == typeof(string) ? [$"{path}:* = {element.Name}"] : Of(element, $"{path}:*:")
            : type.IsClass && type.Assembly == typeof(RouteConfig).Assembly ? Of(type, $"{path}:")
            : [$"{path} = {type.Name}"];
    }

    // A list's element, or the value of a dictionary whose keys are the operator's names.
    private static Type? ElementOf(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() is var generic
        && (generic == typeof(IReadOnlyList<>) || generic == typeof(IReadOnlyDictionary<,>))
            ? type.GetGenericArguments()[^1]
            : null;
}
