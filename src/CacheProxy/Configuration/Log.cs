namespace CacheProxy.Configuration;

internal static partial class Log
{
    [LoggerMessage(120, LogLevel.Information, "Configuration reloaded: {Routes} routes, {Policies} policies")]
    public static partial void Reloaded(ILogger logger, int routes, int policies);

    [LoggerMessage(121, LogLevel.Error, "Configuration not reloaded, the last good one stays in force; {Count} problems:\n{Problems:l}")]
    public static partial void ReloadRefused(ILogger logger, int count, string problems);

    [LoggerMessage(122, LogLevel.Warning, "The changed configuration of {Section:l} takes effect at the next start")]
    public static partial void NeedsRestart(ILogger logger, string section);
}
