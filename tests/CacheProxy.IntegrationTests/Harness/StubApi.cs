using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>An API on a real port whose answer each test gives; it records what reached it.</summary>
internal sealed class StubApi : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubApi(WebApplication app) => _app = app;

    /// <summary>Answers every request; may be replaced at any time.</summary>
    public RequestDelegate Handler { get; set; } = static context => context.Response.WriteAsync("stub");

    /// <summary>Method and raw target of each request, in the order of arrival.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public string Address => _app.Urls.First() + "/";

    public static async Task<StubApi> StartAsync(RequestDelegate? handler = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Limits.MaxRequestBodySize = null;
        });
        builder.Services.AddRouting();
        var app = builder.Build();
        var api = new StubApi(app);
        if (handler is not null)
        {
            api.Handler = handler;
        }

        app.Run(context =>
        {
            api.Requests.Enqueue($"{context.Request.Method} {context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget}");
            return api.Handler(context);
        });
        await app.StartAsync();
        return api;
    }

    /// <summary>How many requests had this method and raw target.</summary>
    public int Count(string methodAndTarget) => Requests.Count(request => request == methodAndTarget);

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
