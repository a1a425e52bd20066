namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>What is wrong with an explored system.</summary>
internal enum TagDamage
{
    None,

    /// <summary>An entry is served whatever the generations of its tags.</summary>
    NoComparison,

    /// <summary>A fill takes any generation that it finds when the answer is whole.</summary>
    NoAgeRule,

    /// <summary>A fill takes the generation that it found before, and does not look again.</summary>
    NoSecondLook,

    /// <summary>A write does not begin, so that one that is never ended evicts nothing.</summary>
    NoFence,

    /// <summary>A write ends without evicting.</summary>
    NoEviction,
}
