using System.Reflection;
using CacheProxy.Telemetry;
using Microsoft.Extensions.Logging;

namespace CacheProxy.Tests.Telemetry;

/// <summary>The log events that the compiled program declares.</summary>
internal static class LogEvents
{
    private const BindingFlags Any = BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static LoggerMessageAttribute[] OfTheProgram { get; } =
    [
        .. typeof(LoggingSetup).Assembly.GetTypes()
            .SelectMany(static type => type.GetMethods(Any))
            .Select(static method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>(),
    ];
}
