namespace CacheProxy.Filling;

/// <summary>What is done with the API's answer to a fill, decided once its headers are there.</summary>
internal enum FillPlan
{
    Undecided,

    /// <summary>Stream it to the client and store a copy.</summary>
    Store,

    /// <summary>Stream it to the client; it may not be stored, or is too large.</summary>
    PassOn,

    /// <summary>The stored response is still valid (304): throw the answer away, freshen what is stored and serve that.</summary>
    Freshen,

    /// <summary>The answer is an error that a stale response stands in for: throw it away and serve that.</summary>
    StaleIfError,

    /// <summary>The 304 speaks of another representation than the stored one: throw it away and ask again without conditions.</summary>
    AskAgain,
}
