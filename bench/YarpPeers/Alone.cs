namespace CacheProxy.Bench.YarpPeers;

/// <summary>YARP without a cache: what passing a request through costs.</summary>
internal static class Alone
{
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var app = builder.Build();
        app.MapReverseProxy();
        return app;
    }
}
