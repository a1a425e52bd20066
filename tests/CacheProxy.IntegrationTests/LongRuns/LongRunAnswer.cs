namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What a client got.</summary>
internal readonly record struct LongRunAnswer(int Status, string Body, string Version, string CacheStatus, bool AsksToRetry)
{
    public bool IsHit => CacheStatus.Contains("; hit", StringComparison.Ordinal);

    /// <summary>Whether it was served from the replica's own memory.</summary>
    public bool IsOfCopy => CacheStatus.Contains("detail=copy", StringComparison.Ordinal);
}
