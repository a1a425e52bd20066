using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

/// <summary>Customers, and pets that belong to them: a write to a pet names its customer in its body or in its answer.</summary>
internal sealed class PointedEvictionScene : IAsyncDisposable
{
    public const string Customer = "/api/customers/7";
    public const string Other = "/api/customers/8";
    public const string Pets = "/api/pets";

    private int _reads;

    private PointedEvictionScene(StubApi api) => Api = api;

    public static (string Key, string? Value)[] ByRequest { get; } = Settings("request:/customerId");

    public static (string Key, string? Value)[] ByResponse { get; } = Settings("response:/customerId");

    public StubApi Api { get; }

    public ProxyUnderTest Proxy { get; private set; } = null!;

    /// <summary>What the API answers to a write.</summary>
    public RequestDelegate Write { get; set; } = static _ => Task.CompletedTask;

    /// <summary>Stops before the API answers a read.</summary>
    public Gate? Reads { get; set; }

    public static async Task<PointedEvictionScene> StartAsync(
        Func<string, Task<ProxyUnderTest>> start, RequestDelegate? write = null)
    {
        var scene = new PointedEvictionScene(await StubApi.StartAsync());
        scene.Write = write ?? scene.Write;
        scene.Api.Handler = scene.AnswerAsync;
        scene.Proxy = await start(scene.Api.Address);
        return scene;
    }

    /// <summary>Where the pets' policy finds the customer.</summary>
    public static (string Key, string? Value)[] Settings(params string[] pointers) =>
    [
        ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"),
        ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet"),
        ("ReverseProxy:Routes:pets:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:pets:Match:Path", Pets),
        ("ReverseProxy:Routes:pets:Metadata:Evicts", "pet"),
        ("CacheProxy:Policies:pet:Mode", "On"),
        ("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}"),
        ("CacheProxy:Policies:pet:MaxBodyBytes", "100000"),
        .. pointers.SelectMany(static (pointer, i) => new (string, string?)[]
        {
            ($"CacheProxy:Policies:pet:Evicts:{i}:Policy", "customer"), ($"CacheProxy:Policies:pet:Evicts:{i}:id", pointer),
        }),
    ];

    /// <summary>An answer in JSON, as the API may send it.</summary>
    public static RequestDelegate Json(string body, bool isGzip = false, bool isChunked = false) => async context =>
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        var bytes = isGzip ? Gzip(body) : Encoding.UTF8.GetBytes(body);
        context.Response.StatusCode = 201;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = isChunked ? null : bytes.Length;
        if (isGzip)
        {
            context.Response.Headers.ContentEncoding = "gzip";
        }

        foreach (var piece in bytes.Chunk(isChunked ? 5 : bytes.Length))
        {
            await context.Response.Body.WriteAsync(piece);
            await context.Response.Body.FlushAsync();
        }
    };

    public static byte[] Gzip(string text)
    {
        using var coded = new MemoryStream();
        using (var gzip = new GZipStream(coded, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return coded.ToArray();
    }

    /// <summary>Reads both customers until both are hits.</summary>
    public async Task AreCachedAsync()
    {
        foreach (var target in (string[])[Customer, Other])
        {
            await Eventually.TrueAsync(async () => (await Proxy.AskAsync(target)).IsHit);
        }
    }

    /// <summary>Whether the customer was evicted, and the other was not.</summary>
    public async Task<bool> WasEvictedAsync()
    {
        var isHit = (await Proxy.AskAsync(Customer)).IsHit;
        Assert.True((await Proxy.AskAsync(Other)).IsHit);
        return !isHit;
    }

    public Task<ClientAnswer> PostAsync(string json) => PostAsync(Encoding.UTF8.GetBytes(json));

    public Task<ClientAnswer> PostAsync(byte[] body, bool isGzip = false, bool isChunked = false, string type = "application/json", Version? version = null, string method = "POST") =>
        ClientAnswer.ReadAsync(SendAsync(body, isGzip, isChunked, type, version, method));

    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await Api.DisposeAsync();
    }

    private Task<HttpResponseMessage> SendAsync(byte[] body, bool isGzip, bool isChunked, string type, Version? version, string method)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), Pets) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (isGzip)
        {
            request.Content.Headers.ContentEncoding.Add("gzip");
        }

        request.Headers.TransferEncodingChunked = isChunked;
        if (version is not null)
        {
            (request.Version, request.VersionPolicy) = (version, HttpVersionPolicy.RequestVersionExact);
        }

        return Proxy.Client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await Write(context);
            return;
        }

        var version = Interlocked.Increment(ref _reads);
        if (Reads is { } gate)
        {
            await gate.PassAsync();
        }

        await Answers.SendAsync(context, 200, $$"""{"read":{{version}}}""", ("Content-Type", "application/json"));
    }
}
