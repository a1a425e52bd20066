namespace CacheProxy.Management;

/// <summary>The audit of changes. Event ids 6000 to 6099.</summary>
internal static partial class Log
{
    [LoggerMessage(
        6000,
        LogLevel.Information,
        "Change by token {Token} from {Address}: {Method} {Path}, {What}; answered {Status}",
        EventName = nameof(Changed))]
    public static partial void Changed(this ILogger logger, string token, string address, string method, string path, string what, int status);

    // Change data capture over HTTP would otherwise have a line for every row.
    [LoggerMessage(
        6006,
        LogLevel.Debug,
        "Change by token {Token} from {Address}: {Method} {Path}, {What}; answered {Status}",
        EventName = nameof(ChangedOften))]
    public static partial void ChangedOften(this ILogger logger, string token, string address, string method, string path, string what, int status);

    [LoggerMessage(6001, LogLevel.Warning, "Administration refused: {Method} {Path} from {Address}: {Problem}", EventName = nameof(AdministrationRefused))]
    public static partial void AdministrationRefused(this ILogger logger, string method, string path, string address, string problem);

    [LoggerMessage(6002, LogLevel.Error, "Administration failed: {Method} {Path}", EventName = nameof(AdministrationFailed))]
    public static partial void AdministrationFailed(this ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(6003, LogLevel.Information, "Purge {Id} is done ({What}): {Resources} resources", EventName = nameof(RunEnded))]
    public static partial void RunEnded(this ILogger logger, string id, string what, long resources);

    [LoggerMessage(6004, LogLevel.Warning, "Purge {Id} is not complete ({What}): {State} after {Resources} resources", EventName = nameof(RunNotComplete))]
    public static partial void RunNotComplete(this ILogger logger, string id, string what, string state, long resources);
}
