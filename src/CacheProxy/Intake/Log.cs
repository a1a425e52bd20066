namespace CacheProxy.Intake;

/// <summary>What becomes of streams, never a line per entry that is understood, and nothing of what is in one. Event ids 6100 to 6199.</summary>
internal static partial class Log
{
    [LoggerMessage(6100, LogLevel.Information, "Stream {Stream} is read as consumer group {Group}", EventName = nameof(StreamBegins))]
    public static partial void StreamBegins(this ILogger logger, string stream, string group);

    [LoggerMessage(6101, LogLevel.Warning, "Entry {Id} of stream {Stream} is set aside in {DeadLetters} after {Tries} tries: /{Member}: {Allowed}", EventName = nameof(EntrySetAside))]
    public static partial void EntrySetAside(this ILogger logger, string id, string stream, string deadLetters, int tries, string member, string allowed);

    [LoggerMessage(6102, LogLevel.Information, "Stream {Stream} had no consumer group {Group}; it is made, and the stream is read from its beginning", EventName = nameof(GroupMade))]
    public static partial void GroupMade(this ILogger logger, string stream, string group);

    [LoggerMessage(6103, LogLevel.Warning, "Stream {Stream} cannot be read: {Failure}; it is tried again (reported at most once a minute)", EventName = nameof(StreamUnreadable))]
    public static partial void StreamUnreadable(this ILogger logger, string stream, string failure);

    [LoggerMessage(6104, LogLevel.Error, "Reading stream {Stream} failed unexpectedly; it goes on", EventName = nameof(StreamFailed))]
    public static partial void StreamFailed(this ILogger logger, Exception exception, string stream);
}
