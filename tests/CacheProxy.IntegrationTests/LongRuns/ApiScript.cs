using System.Globalization;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>
/// What a client tells the API to do with its request, in a header: so one seed decides everything but the interleaving.
/// </summary>
/// <param name="BeforeMs">Time before the API reads or commits.</param>
/// <param name="AfterMs">Time from there to its answer.</param>
/// <param name="Outcome">What comes of it.</param>
/// <param name="IsShortLived">Whether a read's answer is fresh for two seconds only and can be validated.</param>
internal readonly record struct ApiScript(int BeforeMs, int AfterMs, ApiOutcome Outcome, bool IsShortLived)
{
    public const string HeaderName = "X-Api-Script";

    private const int LongestPauseMs = 12;

    public static ApiScript ForRead(Random random) => new(
        PauseMs(random), PauseMs(random), random.Next(40) == 0 ? ApiOutcome.FailedBefore : ApiOutcome.Done, random.Next(3) == 0);

    /// <param name="random">The client's choices.</param>
    /// <param name="longestCommitMs">Every other write takes up to this long to commit; 0: none.</param>
    public static ApiScript ForWrite(Random random, int longestCommitMs) => new(
        longestCommitMs > 0 && random.Next(2) == 0 ? random.Next(longestCommitMs) : PauseMs(random),
        PauseMs(random),
        OutcomeOfWrite(random.Next(20)),
        false);

    public static ApiScript Parse(string text)
    {
        var parts = text.Split(' ');
        return new(
            int.Parse(parts[0], CultureInfo.InvariantCulture),
            int.Parse(parts[1], CultureInfo.InvariantCulture),
            Enum.Parse<ApiOutcome>(parts[2]),
            bool.Parse(parts[3]));
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{BeforeMs} {AfterMs} {Outcome} {IsShortLived}");

    // Half of the time at once: races need the quick as much as the slow.
    private static int PauseMs(Random random) => random.Next(2) == 0 ? 0 : random.Next(LongestPauseMs);

    private static ApiOutcome OutcomeOfWrite(int number) => number switch
    {
        0 or 1 => ApiOutcome.Refused,
        2 => ApiOutcome.FailedBefore,
        3 => ApiOutcome.FailedAfter,
        _ => ApiOutcome.Done,
    };
}
