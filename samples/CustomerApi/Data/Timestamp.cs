using System.Globalization;

namespace CustomerApi.Data;

/// <summary>Instants as SQLite text: ISO 8601 in UTC to the millisecond, which also sorts as text.</summary>
internal static class Timestamp
{
    public static string Write(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
