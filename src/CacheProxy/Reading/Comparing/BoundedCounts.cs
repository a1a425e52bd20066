namespace CacheProxy.Reading.Comparing;

/// <summary>Counts of few things. When so many are known, further ones are one: the last. Not for several threads.</summary>
internal sealed class BoundedCounts<T>(int most)
    where T : notnull
{
    private readonly Dictionary<T, long> _counts = [];

    /// <summary>How often things were counted that found no place of their own.</summary>
    public long Others { get; private set; }

    public void Add(T thing)
    {
        if (_counts.TryGetValue(thing, out var count) || _counts.Count < most)
        {
            _counts[thing] = count + 1;
        }
        else
        {
            Others++;
        }
    }

    /// <summary>Most frequent first.</summary>
    public Counted<T>[] ToArray() =>
        [.. _counts.OrderByDescending(static pair => pair.Value).Select(static pair => new Counted<T>(pair.Key, pair.Value))];
}

/// <summary>A thing and how often it was counted.</summary>
internal readonly record struct Counted<T>(T Thing, long Count);
