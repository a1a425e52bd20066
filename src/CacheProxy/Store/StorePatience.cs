namespace CacheProxy.Store;

/// <summary>
/// How long one request may still wait for the store, over all its steps (<c>CacheProxy:Redis:Timeout</c>). Time that the request
/// spends elsewhere does not count.
/// </summary>
internal sealed class StorePatience(TimeSpan total)
{
    public TimeSpan Remaining { get; private set; } = total;

    public void Spend(TimeSpan waited) => Remaining = waited >= Remaining ? TimeSpan.Zero : Remaining - waited;
}
