using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>An API on a port of its own that answers everything with its name, and remembers what it was asked.</summary>
internal sealed class NamedApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private NamedApi(WebApplication app) => _app = app;

    public ConcurrentQueue<string> Targets { get; } = new();

    public string Address => _app.Urls.First();

    public static async Task<NamedApi> StartAsync(string name)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var api = new NamedApi(app);
        app.Run(context =>
        {
            api.Targets.Enqueue($"{context.Request.Method} {context.Request.Path}");
            return context.Response.WriteAsync($"{name} answers");
        });
        await app.StartAsync();
        return api;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
