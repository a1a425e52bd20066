using System.Reflection;
using CacheProxy.Configuration;
using Xunit;

namespace CacheProxy.Tests.Configuration.Policies;

public sealed class RequestRulesTests
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly string[] RequestCode = ["CacheProxy", "CacheProxy.Reading", "CacheProxy.Filling", "CacheProxy.Writing", "CacheProxy.Proxy"];
    private static readonly Type[] Forbidden = [typeof(ConfigurationReloader), typeof(ConfigurationSnapshot)];

    /// <summary>A request that asked for it could be routed by one configuration and judged by another.</summary>
    [Fact]
    public void Request_code_has_no_way_to_the_configuration_in_force() => Assert.DoesNotContain(
        typeof(CacheMiddleware).Assembly.GetTypes(),
        static type => RequestCode.Contains(type.Namespace) && UsedBy(type).Intersect(Forbidden).Any());

    private static IEnumerable<Type> UsedBy(Type type) =>
    [
        .. type.GetFields(Everything).Select(static field => field.FieldType),
        .. type.GetConstructors(Everything).SelectMany(static constructor => constructor.GetParameters()).Select(static parameter => parameter.ParameterType),
        .. type.GetMethods(Everything).SelectMany(static method => method.GetParameters()).Select(static parameter => parameter.ParameterType),
    ];
}
