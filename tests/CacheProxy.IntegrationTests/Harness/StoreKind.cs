namespace CacheProxy.IntegrationTests.Harness;

/// <summary>The stores that a scenario runs on.</summary>
public enum StoreKind
{
    Memory,
    Redis,
}
