namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>One thing that may happen.</summary>
/// <param name="Kind">What.</param>
/// <param name="Number">Whose turn it is, or to which replica it happens.</param>
/// <param name="Way">Which of the calls goes on that a party has under way.</param>
internal readonly record struct CopyStep(CopyStepKind Kind, int Number, int Way = 0);

internal enum CopyStepKind
{
    /// <summary>A party goes on.</summary>
    Turn,

    /// <summary>The next message to a replica is delivered.</summary>
    Delivery,

    /// <summary>A call that nobody waits for, or whose caller has given up, is carried out.</summary>
    LateCall,
}

/// <summary>
/// What a step reads or changes. Two steps that have nothing in common lead to the same state in either order, and neither keeps the other from
/// happening. Where that is not plain to see, a step is said to touch everything.
/// </summary>
[Flags]
internal enum CopyTouch
{
    Nothing = 0,

    /// <summary>What the store has.</summary>
    Store = 1,

    /// <summary>What the API has, and what was promised of it.</summary>
    Api = 2,

    /// <summary>What the first replica has in memory. The others' bits follow.</summary>
    FirstMemory = 4,

    /// <summary>The messages to the first replica. The others' bits follow.</summary>
    FirstMessages = 32,

    /// <summary>Those to all three.</summary>
    Messages = 7 * FirstMessages,

    /// <summary>What the first party has under way. The others' bits follow.</summary>
    FirstParty = 256,

    Everything = ~Nothing,
}
