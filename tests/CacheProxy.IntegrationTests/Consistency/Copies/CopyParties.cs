namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>The parties of systems whose replicas hold copies. The replicas are A, B and C.</summary>
internal static class CopyParties
{
    public static CopyParty Look { get; } = new(CopyPartyKind.Look);

    public static CopyParty Fill { get; } = new(CopyPartyKind.Fill);

    public static CopyParty Write { get; } = new(CopyPartyKind.Write);

    public static CopyParty LongWrite { get; } = new(CopyPartyKind.LongWrite);

    public static CopyParty Refusal { get; } = new(CopyPartyKind.Refusal);

    public static CopyParty Eviction { get; } = new(CopyPartyKind.Eviction);

    public static CopyParty Answer { get; } = new(CopyPartyKind.Answer);

    public static CopyParty Kill { get; } = new(CopyPartyKind.Kill);

    public static CopyParty Doubling { get; } = new(CopyPartyKind.Double);

    public static CopyParty Loss { get; } = new(CopyPartyKind.Loss);

    public static CopyParty Cut { get; } = new(CopyPartyKind.Cut);

    public static CopyParty Snapshot { get; } = new(CopyPartyKind.Snapshot);

    public static CopyParty Restart { get; } = new(CopyPartyKind.Restart);

    public static CopyParty EmptyRestart { get; } = new(CopyPartyKind.EmptyRestart);

    public static CopyParty Probe { get; } = new(CopyPartyKind.Probe);

    public static CopyParty Retry { get; } = new(CopyPartyKind.Retry);

    /// <summary>Every fence falls.</summary>
    public static CopyParty FenceFalls { get; } = Clock(31_000);

    public static CopyParty Clock(int milliseconds) => new(CopyPartyKind.Clock) { Time = TimeSpan.FromMilliseconds(milliseconds) };

    public static CopyParty Quick(CopyParty party) => party with { IsQuick = true };

    public static CopyParty OfTag(CopyParty party) => party with { IsOfTag = true };

    public static CopyParty Unforetold(CopyParty party) => party with { IsUnforetold = true };

    public static CopyParty AtB(CopyParty party) => party with { Replica = 1 };

    public static CopyParty AtC(CopyParty party) => party with { Replica = 2 };
}
