using Microsoft.AspNetCore.OutputCaching;

namespace CacheProxy.Bench.YarpPeers;

/// <summary>ASP.NET Core's output caching in the process's memory. A write evicts by tag before its answer goes out.</summary>
internal sealed class OutputCached : IOutputCachePolicy
{
    public const string Policy = "customers";

    public static WebApplication Build(WebApplicationBuilder builder)
    {
        builder.Services.AddOutputCache(static options =>
        {
            options.SizeLimit = 4L << 30;
            options.AddPolicy(Policy, static policy => policy.AddPolicy<OutputCached>().Expire(TimeSpan.FromHours(1)));
        });
        var app = builder.Build();
        app.Use(static (context, next) =>
        {
            if (HttpMethods.IsPut(context.Request.Method))
            {
                var store = context.RequestServices.GetRequiredService<IOutputCacheStore>();
                context.Response.OnStarting(() => store.EvictByTagAsync(Tag(context.Request), CancellationToken.None).AsTask());
            }

            return next(context);
        });
        app.UseOutputCache();
        app.MapReverseProxy();
        return app;
    }

    public ValueTask CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        context.Tags.Add(Tag(context.HttpContext.Request));
        return ValueTask.CompletedTask;
    }

    public ValueTask ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    public ValueTask ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation) => ValueTask.CompletedTask;

    private static string Tag(HttpRequest request) => request.Host.Value + request.Path.Value;
}
