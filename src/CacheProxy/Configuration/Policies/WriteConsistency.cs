namespace CacheProxy.Configuration.Policies;

/// <summary>What becomes of a write whose fence cannot be set.</summary>
internal enum WriteConsistency
{
    /// <summary>The write goes through; the eviction is retried until the store has it.</summary>
    BestEffort,

    /// <summary>503 with <c>Retry-After</c>; the API never sees the write.</summary>
    Strict,
}
