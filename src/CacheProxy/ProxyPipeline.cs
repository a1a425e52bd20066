namespace CacheProxy;

/// <summary>The order of YARP's pipeline.</summary>
internal static class ProxyPipeline
{
    public static void Build(IReverseProxyApplicationBuilder pipeline)
    {
        pipeline.UseLoadBalancing();
        pipeline.UsePassiveHealthChecks();
    }
}
