namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What the API makes of one request.</summary>
internal enum ApiOutcome
{
    /// <summary>It does what it is asked to.</summary>
    Done,

    /// <summary>It refuses with 409 and changes nothing.</summary>
    Refused,

    /// <summary>It fails with 500 before it has changed anything.</summary>
    FailedBefore,

    /// <summary>It has changed what it was asked to, and then fails with 500.</summary>
    FailedAfter,
}
