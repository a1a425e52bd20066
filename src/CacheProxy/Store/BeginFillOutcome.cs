namespace CacheProxy.Store;

internal enum BeginFillOutcome
{
    /// <summary>The lease is taken.</summary>
    Granted,

    /// <summary>A write is under way.</summary>
    Fenced,

    /// <summary>What the reader saw is stored no more, or another entry is: look up again.</summary>
    Changed,

    /// <summary>An exclusive lease was asked for and another holds one.</summary>
    UnderWay,

    Unavailable,
}
