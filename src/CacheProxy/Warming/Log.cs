namespace CacheProxy.Warming;

/// <summary>A line when a run begins and ends, none for a request. Event ids 5000 to 5099.</summary>
internal static partial class Log
{
    [LoggerMessage(5000, LogLevel.Information, "Warming of policy {Policy} begins: {Count} hot resources ({Reason})", EventName = nameof(WarmingBegins))]
    public static partial void WarmingBegins(this ILogger logger, string policy, int count, WarmReason reason);

    [LoggerMessage(5001, LogLevel.Information, "Warming of policy {Policy} has ended: {Fetched} fetched, {Present} were there, {Left} not tried", EventName = nameof(WarmingEnded))]
    public static partial void WarmingEnded(this ILogger logger, string policy, int fetched, int present, int left);

    [LoggerMessage(5002, LogLevel.Warning, "Warming of policy {Policy} stops: {Why}", EventName = nameof(WarmingStops))]
    public static partial void WarmingStops(this ILogger logger, string policy, WarmStop why);

    [LoggerMessage(5003, LogLevel.Warning, "Policy {Policy} is not warmed: CacheProxy:Warm:CredentialFile cannot be read, or is no value of a header", EventName = nameof(WarmCredentialUnreadable))]
    public static partial void WarmCredentialUnreadable(this ILogger logger, string policy);

    [LoggerMessage(5004, LogLevel.Error, "Warming failed unexpectedly; it is tried again", EventName = nameof(WarmingFailed))]
    public static partial void WarmingFailed(this ILogger logger, Exception exception);
}
