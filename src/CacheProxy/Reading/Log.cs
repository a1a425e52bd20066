namespace CacheProxy.Reading;

internal static partial class Log
{
    [LoggerMessage(2101, LogLevel.Debug, "Shadow mismatch of policy {Policy}")]
    public static partial void ShadowMismatch(ILogger logger, string policy);
}
