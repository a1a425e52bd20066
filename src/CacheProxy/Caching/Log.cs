namespace CacheProxy.Caching;

internal static partial class Log
{
    [LoggerMessage(2100, LogLevel.Warning, "A refresh in the background failed")]
    public static partial void RefreshFailed(ILogger logger, Exception exception);

    [LoggerMessage(2101, LogLevel.Debug, "Shadow mismatch of policy {Policy}")]
    public static partial void ShadowMismatch(ILogger logger, string policy);
}
