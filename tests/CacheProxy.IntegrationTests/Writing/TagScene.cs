using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>Customers with a plan each, behind a proxy; the third one's is another.</summary>
internal sealed class TagScene(StubApi api) : IAsyncDisposable
{
    private Gate? _gate;
    private string _held = "";
    private int _answers;

    public StubApi Api => api;

    public ProxyUnderTest Proxy { get; set; } = null!;

    public string ContentType { get; set; } = "application/json";

    public int ReadStatus { get; set; } = StatusCodes.Status200OK;

    public (string Name, string Value)[] ReadHeaders { get; set; } = [];

    public int WriteStatus { get; set; } = StatusCodes.Status200OK;

    public (string Name, string Value)[] WriteHeaders { get; set; } = [];

    /// <summary>The API keeps its next answer to a read back until the gate is open.</summary>
    public Gate HoldReads() => Hold("GET");

    public Gate HoldWrites() => Hold("PUT");

    /// <summary>Asks until it is a hit. The first response with a tag that nobody has seen is not stored.</summary>
    public async Task StoreAsync(string target)
    {
        for (var i = 0; i < 3; i++)
        {
            if ((await Proxy.AskAsync(target)).IsHit)
            {
                return;
            }
        }

        Assert.Fail($"{target} is not stored.");
    }

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await api.DisposeAsync();
    }

    private Gate Hold(string method)
    {
        (_held, _gate) = (method, new Gate());
        return _gate;
    }

    public async Task AnswerAsync(HttpContext context)
    {
        var isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsOptions(context.Request.Method);
        var body = $"{{\"plan\":\"{(context.Request.Path.Value!.EndsWith('3') ? "silver" : "gold")}\",\"answer\":{Interlocked.Increment(ref _answers)}}}";
        if (_gate is { } gate && context.Request.Method == _held)
        {
            _gate = null;
            await gate.PassAsync();
        }

        context.Response.StatusCode = isRead ? ReadStatus : WriteStatus;
        foreach (var (name, value) in HttpMethods.IsGet(context.Request.Method) ? ReadHeaders : WriteHeaders)
        {
            context.Response.Headers[name] = value;
        }

        if (context.Response.StatusCode != StatusCodes.Status304NotModified)
        {
            context.Response.ContentType = ContentType;
            await context.Response.WriteAsync(body);
        }
    }
}
