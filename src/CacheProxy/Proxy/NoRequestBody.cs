using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Proxy;

/// <summary>A request that has no body.</summary>
internal sealed class NoRequestBody : IHttpRequestBodyDetectionFeature
{
    public static readonly NoRequestBody Instance = new();

    public bool CanHaveBody => false;
}
