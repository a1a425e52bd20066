using System.Collections.Concurrent;
using System.Collections.Immutable;
using CacheProxy.Reading.Comparing;

namespace CacheProxy.Auditing;

/// <summary>What audits have shown of each policy since the start. No value of any answer is kept.</summary>
internal sealed class AuditReport
{
    private const int MostPlaces = 32;
    private const int MostWrites = 64;

    private readonly ConcurrentDictionary<string, Tally> _tallies = new(StringComparer.OrdinalIgnoreCase);

    public void Add(string policy, in Audited audited)
    {
        var tally = _tallies.GetOrAdd(policy, static _ => new Tally());
        lock (tally)
        {
            tally.Results[(int)audited.Result]++;
            if (audited.Place is { } place)
            {
                tally.Places.Add(place);
            }

            if (audited.Since is { } since)
            {
                foreach (var write in since)
                {
                    tally.Writes.Add(write);
                }
            }
        }
    }

    /// <summary>Every policy of which a hit was audited.</summary>
    public AuditFigures[] ToArray() =>
        [.. _tallies.OrderBy(static pair => pair.Key, StringComparer.OrdinalIgnoreCase).Select(static pair => Figures(pair.Key, pair.Value))];

    private static AuditFigures Figures(string policy, Tally tally)
    {
        lock (tally)
        {
            return new AuditFigures(
                policy, [.. tally.Results], [.. tally.Places.ToArray()], tally.Places.Others, [.. tally.Writes.ToArray()]);
        }
    }

    private sealed class Tally
    {
        public long[] Results { get; } = new long[Enum.GetValues<AuditResult>().Length];

        public BoundedCounts<string> Places { get; } = new(MostPlaces);

        public BoundedCounts<SeenWrite> Writes { get; } = new(MostWrites);
    }
}

/// <summary>What one audit has shown.</summary>
/// <param name="Result">How it came out.</param>
/// <param name="Place">Where a wrong or unsteady answer first differs.</param>
/// <param name="Since">The writes that may have made it wrong.</param>
internal readonly record struct Audited(AuditResult Result, string? Place = null, IReadOnlySet<SeenWrite>? Since = null)
{
    public bool IsWrong => Result is AuditResult.WrongWriteSeen or AuditResult.WrongNoWriteSeen;
}

/// <summary>What audits have shown of one policy.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Counts">How often each result came out, by its number.</param>
/// <param name="Places">Where wrong and unsteady answers first differ.</param>
/// <param name="OtherPlaces">How many differ at places that found no room.</param>
/// <param name="Writes">Kinds of writes that came between the storing of an entry and its being wrong.</param>
internal sealed record AuditFigures(
    string Policy, ImmutableArray<long> Counts, ImmutableArray<Counted<string>> Places, long OtherPlaces, ImmutableArray<Counted<SeenWrite>> Writes)
{
    // Of a normal distribution, 95 of 100 are below it.
    private const double Quantile = 1.6449;
    private const double Million = 1_000_000;

    public long this[AuditResult result] => Counts[(int)result];

    public long Wrong => this[AuditResult.WrongWriteSeen] + this[AuditResult.WrongNoWriteSeen];

    /// <summary>The audits that have shown whether a hit was right.</summary>
    public long Judged => this[AuditResult.Right] + Wrong;

    public double WrongPerMillion => Judged == 0 ? 0 : Wrong * Million / Judged;

    /// <summary>
    /// What the share of wrong hits is below, with 95 % confidence: few audits prove little, however right they were. The upper bound of a
    /// Poisson mean after Wilson and Hilferty; without a wrong one, the rule of three.
    /// </summary>
    public double AtMostPerMillion
    {
        get
        {
            if (Judged == 0)
            {
                return Million;
            }

            double next = Wrong + 1;
            var root = 1 - (1 / (9 * next)) + (Quantile / (3 * Math.Sqrt(next)));
            return Math.Min(Million, next * root * root * root * Million / Judged);
        }
    }
}
