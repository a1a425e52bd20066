namespace CacheProxy.Filling;

internal static partial class Log
{
    [LoggerMessage(2100, LogLevel.Warning, "A refresh in the background failed")]
    public static partial void RefreshFailed(ILogger logger, Exception exception);
}
