namespace CacheProxy.Auditing;

/// <summary>No value of an answer, no key and no id. Event ids 6300 to 6399.</summary>
internal static partial class Log
{
    [LoggerMessage(6300, LogLevel.Warning, "A hit of policy {Policy} was wrong: the API answers otherwise, first at {Place} ({Kind}; reported at most once a minute)", EventName = nameof(HitWasWrong))]
    public static partial void HitWasWrong(this ILogger logger, string policy, string place, string kind);

    [LoggerMessage(6301, LogLevel.Error, "An audit failed unexpectedly; others go on (reported at most once a minute)", EventName = nameof(AuditFailed))]
    public static partial void AuditFailed(this ILogger logger, Exception exception);
}
