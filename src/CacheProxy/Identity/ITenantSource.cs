namespace CacheProxy.Identity;

/// <summary>One place of a request that may name its tenant.</summary>
internal interface ITenantSource
{
    void Read(HttpRequest request, ref TenantVotes votes);
}
