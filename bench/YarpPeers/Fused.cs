using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane.StackExchangeRedis;
using ZiggyCreatures.Caching.Fusion.Serialization.SystemTextJson;

namespace CacheProxy.Bench.YarpPeers;

/// <summary>FusionCache: the process's memory first, Redis second, and a backplane that tells the other instances what to forget.</summary>
internal static class Fused
{
    public static WebApplication Build(WebApplicationBuilder builder)
    {
        var connection = ConnectionMultiplexer.Connect(builder.Configuration["redis"]!);
        Task<IConnectionMultiplexer> Connection() => Task.FromResult<IConnectionMultiplexer>(connection);
        builder.Services.AddFusionCache()
            .WithDefaultEntryOptions(new FusionCacheEntryOptions(TimeSpan.FromHours(1)))
            .WithSerializer(new FusionCacheSystemTextJsonSerializer())
            .WithDistributedCache(new RedisCache(new RedisCacheOptions { ConnectionMultiplexerFactory = Connection }))
            .WithBackplane(new RedisBackplane(new RedisBackplaneOptions { ConnectionMultiplexerFactory = Connection }));
        var app = builder.Build();
        var cache = app.Services.GetRequiredService<IFusionCache>();
        app.MapReverseProxy(pipeline =>
        {
            pipeline.Use((context, next) => context.Request.Path.StartsWithSegments("/api/customers") ? Serve(cache, context, next) : next());
            pipeline.UseLoadBalancing();
        });
        return app;
    }

    private static async Task Serve(IFusionCache cache, HttpContext context, Func<Task> next)
    {
        var key = context.Request.Host.Value + context.Request.Path.Value;
        if (HttpMethods.IsPut(context.Request.Method))
        {
            context.Response.OnStarting(() => cache.RemoveAsync(key).AsTask());
            await next();
            return;
        }

        var entry = await cache.GetOrSetAsync<Stored>(key, async (fill, _) =>
        {
            var stored = await Capture(context, next);
            if (stored.Status != StatusCodes.Status200OK)
            {
                fill.Options.SetDuration(TimeSpan.Zero);
            }

            return stored;
        });
        context.Response.StatusCode = entry.Status;
        context.Response.ContentType = entry.ContentType;
        context.Response.ContentLength = entry.Body.Length;
        await context.Response.Body.WriteAsync(entry.Body);
    }

    /// <summary>What YARP would have sent, taken instead of sent.</summary>
    private static async Task<Stored> Capture(HttpContext context, Func<Task> next)
    {
        var taken = new MemoryStream();
        var original = context.Features.Get<IHttpResponseBodyFeature>()!;
        context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(taken));
        try
        {
            await next();
        }
        finally
        {
            context.Features.Set(original);
        }

        return new Stored(context.Response.StatusCode, context.Response.ContentType, taken.ToArray());
    }

    private sealed record Stored(int Status, string? ContentType, byte[] Body);
}
