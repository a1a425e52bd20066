using System.Globalization;

namespace CustomerApi.Data;

/// <summary>
/// What each statement waits before SQLite runs it. A database on another machine takes some milliseconds for the way and the work; this
/// one is a file beside the program and takes almost none.
/// </summary>
internal sealed class QueryLatency(int leastMilliseconds, int mostMilliseconds, TimeProvider time)
{
    private const int Longest = 10_000;

    public static QueryLatency None { get; } = new(0, 0, TimeProvider.System);

    /// <summary>Reads milliseconds, as one number (<c>8</c>) or as a range to choose from at random (<c>5-10</c>).</summary>
    /// <returns><c>null</c> when the text is neither. Nothing configured is no latency.</returns>
    public static QueryLatency? Read(string? text, TimeProvider time)
    {
        var parts = (string.IsNullOrWhiteSpace(text) ? "0" : text).Split('-');
        return parts.Length <= 2 && TryRead(parts[0], out var least) && TryRead(parts[^1], out var most) && least <= most
            ? new QueryLatency(least, most, time)
            : null;
    }

    public Task PassAsync(CancellationToken stop) => mostMilliseconds == 0
        ? Task.CompletedTask
        : Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(leastMilliseconds, mostMilliseconds + 1)), time, stop);

    private static bool TryRead(string text, out int milliseconds) =>
        int.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out milliseconds) && milliseconds <= Longest;
}
