namespace CacheProxy.Hosting;

/// <summary>The order of YARP's pipeline.</summary>
internal static class ProxyPipeline
{
    public static void Build(IReverseProxyApplicationBuilder pipeline)
    {
        // Before a destination is chosen: a hit needs none, and is served when none is healthy.
        pipeline.UseMiddleware<CacheMiddleware>();
        pipeline.UseSessionAffinity();
        pipeline.UseLoadBalancing();
        pipeline.UsePassiveHealthChecks();
    }
}
