using System.Collections.Concurrent;
using System.Collections.Immutable;
using CacheProxy.Configuration;

namespace CacheProxy.Reading.Comparing;

/// <summary>
/// What mode Shadow has shown of each policy since the start, or since a configuration came into force: how often it would have hit, where
/// it would have been wrong, and after which writes. No value of any answer is kept.
/// </summary>
internal sealed class ShadowReport(ConfigurationReloader configuration, SeenWrites writes, TimeProvider time)
{
    // Who sees a difference in its first places has enough to look at.
    public const int MostPlaces = 32;
    private const int MostWrites = 64;

    private readonly ConcurrentDictionary<string, Tally> _tallies = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Nothing was stored that could have answered.</summary>
    public void Missed(string policy) => Count(policy, static tally => tally.Misses++);

    /// <summary>Something was stored; whether it was right is not known, because the API's answer answers another question.</summary>
    public void HitUnseen(string policy) => Count(policy, static tally => tally.Unseen++);

    /// <summary>It was right.</summary>
    public void HitRight(string policy) => Count(policy, static tally => tally.Right++);

    /// <summary>A write came in between: what was stored was right when the read began.</summary>
    public void HitOvertaken(string policy) => Count(policy, static tally => tally.Overtaken++);

    /// <summary>It was wrong.</summary>
    /// <param name="policy">Its name.</param>
    /// <param name="place">Where the answers first differ.</param>
    /// <param name="since">The writes that may have changed it since it was stored.</param>
    public void HitWrong(string policy, string place, IEnumerable<SeenWrite> since) => Count(policy, tally =>
    {
        tally.Wrong++;
        tally.Places.Add(place);
        foreach (var write in since)
        {
            tally.Writes.Add(write);
        }
    });

    /// <summary>Every policy that has been in mode Shadow.</summary>
    public ShadowFigures[] ToArray() =>
    [
        .. _tallies
            .Where(pair => ReferenceEquals(pair.Value.Of, configuration.Current))
            .OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase)
            .Select(pair => Figures(pair.Key, pair.Value)),
    ];

    private ShadowFigures Figures(string policy, Tally tally)
    {
        lock (tally)
        {
            return new ShadowFigures
            {
                Policy = policy,
                Since = tally.Since,
                Misses = tally.Misses,
                Right = tally.Right,
                Overtaken = tally.Overtaken,
                Unseen = tally.Unseen,
                Wrong = tally.Wrong,
                Writes = writes.CountOf(policy) - tally.WritesBefore,
                Places = [.. tally.Places.ToArray()],
                OtherPlaces = tally.Places.Others,
                AfterWrites = [.. tally.Writes.ToArray()],
            };
        }
    }

    private void Count(string policy, Action<Tally> count)
    {
        var tally = TallyOf(policy);
        lock (tally)
        {
            count(tally);
        }
    }

    // What another configuration has shown says nothing of the one in force.
    private Tally TallyOf(string policy)
    {
        var current = configuration.Current;
        if (_tallies.TryGetValue(policy, out var tally) && ReferenceEquals(tally.Of, current))
        {
            return tally;
        }

        return _tallies.AddOrUpdate(policy, _ => Begin(policy, current), (_, known) => ReferenceEquals(known.Of, current) ? known : Begin(policy, current));
    }

    private Tally Begin(string policy, ConfigurationSnapshot current) => new(current, time.GetUtcNow(), writes.CountOf(policy));

    private sealed class Tally(ConfigurationSnapshot of, DateTimeOffset since, long writesBefore)
    {
        public ConfigurationSnapshot Of => of;

        public DateTimeOffset Since => since;

        public long WritesBefore => writesBefore;

        public long Misses { get; set; }

        public long Right { get; set; }

        public long Overtaken { get; set; }

        public long Unseen { get; set; }

        public long Wrong { get; set; }

        public BoundedCounts<string> Places { get; } = new(MostPlaces);

        public BoundedCounts<SeenWrite> Writes { get; } = new(MostWrites);
    }
}

/// <summary>What mode Shadow has shown of one policy.</summary>
internal sealed record ShadowFigures
{
    public required string Policy { get; init; }

    public required DateTimeOffset Since { get; init; }

    public long Misses { get; init; }

    /// <summary>Would-be hits that were what the API answered.</summary>
    public long Right { get; init; }

    /// <summary>Would-be hits during whose request a write evicted or replaced the entry.</summary>
    public long Overtaken { get; init; }

    /// <summary>Would-be hits that could not be compared.</summary>
    public long Unseen { get; init; }

    /// <summary>Would-be hits that would have been wrong.</summary>
    public long Wrong { get; init; }

    /// <summary>Writes to the policy's resources.</summary>
    public long Writes { get; init; }

    /// <summary>Where wrong ones first differ.</summary>
    public ImmutableArray<Counted<string>> Places { get; init; } = [];

    /// <summary>How many differ at places that found no room.</summary>
    public long OtherPlaces { get; init; }

    /// <summary>Kinds of writes that came between the storing of an entry and its being wrong.</summary>
    public ImmutableArray<Counted<SeenWrite>> AfterWrites { get; init; } = [];

    public long Hits => Right + Overtaken + Unseen + Wrong;

    public long Requests => Hits + Misses;

    /// <summary>The hit ratio to expect.</summary>
    public double Ratio => Requests == 0 ? 0 : (double)Hits / Requests;
}
