namespace CacheProxy.Store;

/// <summary>What a store says of a tag.</summary>
/// <param name="Outcome">How it came out.</param>
/// <param name="Generation">32 digits that no other generation has; empty where there is none.</param>
/// <param name="Age">How long ago it was drawn, by the clock of the tag's own node.</param>
internal readonly record struct TagState(TagOutcome Outcome, string Generation, TimeSpan Age)
{
    /// <summary>Whether this replica holds the generation since the store answered (<see cref="ICacheStore.HoldTagAsync"/>).</summary>
    public bool IsHeld { get; init; }

    public static TagState Absent => new(TagOutcome.Absent, "", default);

    public static TagState Fenced => new(TagOutcome.Fenced, "", default);

    public static TagState Unavailable => new(TagOutcome.Unavailable, "", default);

    public static TagState InForce(string generation, TimeSpan age) => new(TagOutcome.InForce, generation, age);
}

internal enum TagOutcome
{
    /// <summary>It has no generation: nothing that is stored belongs to it.</summary>
    Absent,

    InForce,

    /// <summary>A write that evicts it is under way, or may still be.</summary>
    Fenced,

    Unavailable,
}
