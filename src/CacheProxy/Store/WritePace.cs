using System.Globalization;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// How often a resource is written, as far as it is known. The mean counts the latest interval a quarter, so that what was usual long ago
/// fades.
/// </summary>
/// <param name="SinceMs">How long ago its last write ended, or its first fill where none has; <c>null</c> when nothing is known of it.</param>
/// <param name="MeanMs">The decaying mean time between its writes; <c>null</c> while none has been seen.</param>
internal readonly record struct WritePace(long? SinceMs, double? MeanMs)
{
    /// <summary>What the key of a resource's pace has after the resource's own. No value of a template has a number sign.</summary>
    public const string KeySuffix = "#pace";

    private const int Part = 10;

    public bool IsKnown => SinceMs is not null;

    /// <summary>
    /// A tenth of the time in which no write is expected: of the mean, or of the time that has passed without one, whichever is longer. It is
    /// HTTP's own measure for what does not say how long it stays (RFC 9111 §4.2.2).
    /// </summary>
    public TimeSpan Lifetime(TimeSpan least, TimeSpan most)
    {
        var lifetimeMs = Math.Max(SinceMs ?? 0, MeanMs ?? 0) / Part;
        return TimeSpan.FromMilliseconds(Math.Clamp(lifetimeMs, least.TotalMilliseconds, most.TotalMilliseconds));
    }

    /// <summary>The pace once one more write has ended.</summary>
    public WritePace Written() => new(0, MeanMs is { } mean ? mean + ((SinceMs!.Value - mean) / 4) : SinceMs);

    /// <summary>As a store's script says it: both times, the second empty where there is none; empty for nothing.</summary>
    public static WritePace Parse(string text)
    {
        var blank = text.IndexOf(' ');
        return blank > 0 && long.TryParse(text.AsSpan(0, blank), NumberStyles.None, CultureInfo.InvariantCulture, out var since)
            ? new WritePace(
                since, double.TryParse(text.AsSpan(blank + 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var mean) ? mean : null)
            : default;
    }
}

/// <summary>What happens to a resource that tells of its pace.</summary>
internal enum PaceStep
{
    /// <summary>It is about to be stored.</summary>
    Filling,

    /// <summary>It was stored for the first time: from now on its writes are counted.</summary>
    Filled,

    /// <summary>A write has changed it.</summary>
    Written,
}

/// <summary>
/// Remembers the paces of resources beside their entries, so that an eviction does not forget them. They are guesses: nothing is promised by
/// them, and one that is lost begins anew.
/// </summary>
internal interface IWritePaces
{
    /// <summary>Notes the step, and keeps what is known for its whole time once more.</summary>
    /// <returns>The pace after the step; nothing where the resource is not known.</returns>
    ValueTask<WritePace> NoteAsync(ResourceKey key, PaceStep step, TimeSpan keep, StoreTimeoutBudget budget);
}

/// <summary>The paces that a store keeps. They are not disposed of: the store is.</summary>
internal sealed class StorePaces(IWritePaces store) : IWritePaces
{
    public ValueTask<WritePace> NoteAsync(ResourceKey key, PaceStep step, TimeSpan keep, StoreTimeoutBudget budget) =>
        store.NoteAsync(key, step, keep, budget);
}
