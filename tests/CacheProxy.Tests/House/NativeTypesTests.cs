using System.Xml.Linq;
using CacheProxy.Telemetry;
using Microsoft.Extensions.Logging;
using Xunit;

namespace CacheProxy.Tests.House;

/// <summary>The types that a native binary has ready for the service container.</summary>
public sealed class NativeTypesTests
{
    private static readonly Type[] Listed =
    [
        .. XDocument.Load(Path.Combine(Repository.Sources, "NativeTypes.rd.xml")).Descendants()
            .Where(static element => element.Name.LocalName == "Type")
            .Select(static type => Type.GetType($"{type.Attribute("Name")!.Value}, {type.Parent!.Attribute("Name")!.Value}", throwOnError: true)!),
    ];

    [Fact]
    public void Each_exists_and_is_made_from_an_open_one() => Assert.All(Listed, static type => Assert.True(type.IsConstructedGenericType));

    [Fact]
    public void Each_is_there_once() => Assert.Equal(Listed.Distinct(), Listed);

    [Fact]
    public void Every_logger_of_the_program_is_among_them()
    {
        var taken = typeof(LoggingSetup).Assembly.GetTypes()
            .SelectMany(static type => type.GetConstructors())
            .SelectMany(static constructor => constructor.GetParameters())
            .Select(static parameter => parameter.ParameterType)
            .Where(static type => type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(ILogger<>))
            .Select(static type => typeof(Logger<>).MakeGenericType(type.GenericTypeArguments))
            .Distinct();

        Assert.Empty(taken.Except(Listed));
    }
}
