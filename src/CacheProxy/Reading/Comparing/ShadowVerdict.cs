using System.Collections.Immutable;
using System.Globalization;

namespace CacheProxy.Reading.Comparing;

/// <summary>Whether a policy in mode Shadow may be switched on, and why not.</summary>
/// <param name="Word">What to do.</param>
/// <param name="Reasons">Why, as sentences.</param>
internal sealed record ShadowVerdict(ShadowVerdictWord Word, ImmutableArray<string> Reasons)
{
    public const int LeastRequests = 1000;
    public const int LeastHits = 100;
    public const int LeastWrites = 1;

    /// <summary>Below it, a cache hardly spares the API anything.</summary>
    public const double LeastRatio = 0.1;

    private const int MostNamed = 3;

    public static ShadowVerdict Of(ShadowFigures figures)
    {
        var reasons = ImmutableArray.CreateBuilder<string>();
        if (figures.Wrong > 0)
        {
            AddWrong(figures, reasons);
            return new ShadowVerdict(ShadowVerdictWord.NotReady, reasons.ToImmutable());
        }

        Require(reasons, figures.Requests, LeastRequests, "requests");
        Require(reasons, figures.Hits, LeastHits, "would-be hits");
        Require(reasons, figures.Writes, LeastWrites, "writes to its resources, so that evicting has been tried");
        if (reasons.Count > 0)
        {
            return new ShadowVerdict(ShadowVerdictWord.Wait, reasons.ToImmutable());
        }

        reasons.Add(Text($"{figures.Hits} would-be hits in {figures.Requests} requests, none of them wrong, with {figures.Writes} writes."));
        if (figures.Ratio < LeastRatio)
        {
            reasons.Add(Text($"It is hardly worth it: the hit ratio would be {figures.Ratio:P1}."));
        }

        return new ShadowVerdict(ShadowVerdictWord.Ready, reasons.ToImmutable());
    }

    private static void Require(ImmutableArray<string>.Builder reasons, long seen, int least, string what)
    {
        if (seen < least)
        {
            reasons.Add(Text($"Not enough has been seen: {seen} of {least} {what}."));
        }
    }

    private static void AddWrong(ShadowFigures figures, ImmutableArray<string>.Builder reasons)
    {
        reasons.Add(Text($"{figures.Wrong} of {figures.Hits} would-be hits would have been wrong."));
        foreach (var place in figures.Places.Take(MostNamed))
        {
            reasons.Add(place.Thing switch
            {
                AnswerDifference.Status => Text($"{place.Count} have another status than the API's answer."),
                AnswerDifference.Body => Text($"{place.Count} have another body, which is no JSON that could be compared."),
                _ => Text($"{place.Count} first differ at {place.Thing}: if that is a time or a counter, name it in AuditIgnore, and think whether clients may see an old one."),
            });
        }

        foreach (var write in figures.AfterWrites.Where(static write => write.Thing.NamesId).Take(MostNamed))
        {
            reasons.Add(Text(
                $"{write.Count} came after a {write.Thing.Method} on the route {write.Thing.Route} that named the resource's id and did not evict it: see Evicts."));
        }

        if (figures.AfterWrites.Length == 0)
        {
            reasons.Add("No write came before any of them: somebody writes past the sidecar, or the answer depends on something that is not in its key.");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What to do with a policy in mode Shadow.</summary>
internal enum ShadowVerdictWord
{
    /// <summary>Switch it on.</summary>
    Ready,

    /// <summary>Nothing speaks against it, but too little has been seen.</summary>
    Wait,

    /// <summary>It would have been wrong.</summary>
    NotReady,
}
