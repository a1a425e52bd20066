namespace CacheProxy.Configuration;

internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Information, "Configuration reloaded: {Routes} routes, {Policies} policies")]
    public static partial void Reloaded(ILogger logger, int routes, int policies);

    [LoggerMessage(1101, LogLevel.Error, "Configuration not reloaded, the last good one stays in force; {Count} problems:\n{Problems}")]
    public static partial void ReloadRefused(ILogger logger, int count, string problems);

    [LoggerMessage(1102, LogLevel.Warning, "The changed configuration of {Section} takes effect at the next start")]
    public static partial void NeedsRestart(ILogger logger, string section);

    [LoggerMessage(1103, LogLevel.Error, "Configuration not reloaded, the last good one stays in force")]
    public static partial void ReloadFailed(ILogger logger, Exception exception);
}
