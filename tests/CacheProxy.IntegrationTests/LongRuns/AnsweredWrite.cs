namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>A change that its writer has been told of.</summary>
/// <param name="customer">Whose.</param>
/// <param name="version">The version that it made.</param>
/// <param name="host">The number of the proxy that it went through.</param>
/// <param name="answeredAt">Timestamp after it was answered.</param>
internal sealed class AnsweredWrite(string customer, int version, int host, long answeredAt)
{
    private long _settledAt;

    public string Customer => customer;

    public int Version => version;

    public int Host => host;

    public long AnsweredAt => answeredAt;

    /// <summary>Timestamp from which every replica must know of it; 0 while its eviction may still be pending.</summary>
    public long SettledAt
    {
        get => Volatile.Read(ref _settledAt);
        set => Interlocked.CompareExchange(ref _settledAt, value, 0);
    }
}
