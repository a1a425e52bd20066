namespace CacheProxy.Store;

/// <summary>What a look-up found.</summary>
/// <param name="Outcome">How it came out.</param>
/// <param name="Vary">Canonical list of the header names that the resource varies on; empty when none or nothing is stored.</param>
/// <param name="Response">The stored response, when found.</param>
/// <param name="Stamp">Identifies the entry that was seen, for <see cref="FillLease.Seen"/>; empty when there was none.</param>
internal readonly record struct LookUpResult(LookUpOutcome Outcome, string Vary, StoredResponse? Response, string Stamp)
{
    public static LookUpResult Unavailable => new(LookUpOutcome.Unavailable, "", null, "");

    public static LookUpResult Fenced => new(LookUpOutcome.Fenced, "", null, "");

    public static LookUpResult Miss(string vary) => new(LookUpOutcome.Miss, vary, null, "");
}
