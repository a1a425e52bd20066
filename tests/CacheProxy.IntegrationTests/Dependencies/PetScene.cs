using System.Globalization;
using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.IntegrationTests.Dependencies;

/// <summary>An API with two customers and their pets. A pet's name is its version, and shows in its customer, whose id is not in the pet's URL.</summary>
internal sealed class PetScene : IAsyncDisposable
{
    public const string Customer = "/api/customers/1";
    public const string Pet = "/api/pets/7";
    public const string Index = "demo:pet:7:in";

    private int _version = 1;
    private int _asked;

    private PetScene(StubApi api) => Api = api;

    /// <summary>What makes customers depend on pets.</summary>
    public static (string Key, string? Value)[] Settings { get; } =
    [
        ("ReverseProxy:Routes:pet:ClusterId", "customer-api"),
        ("ReverseProxy:Routes:pet:Match:Path", "/api/pets/{id}"),
        ("ReverseProxy:Routes:pet:Metadata:CachePolicy", "pet"),
        ("CacheProxy:Policies:pet:Key", "{tenant}:pet:{id}"),
        ("CacheProxy:Policies:pet:Ttl", "5m"),
        ("CacheProxy:Policies:customer:DependsOn:pet", "/pets/*/id"),
    ];

    public StubApi Api { get; }

    /// <summary>What the API answers for a customer; its pets when <c>null</c>.</summary>
    public Func<HttpContext, Task>? CustomerAnswer { get; set; }

    /// <summary>What comes before the API changes a pet.</summary>
    public Func<Task> BeforeWrite { get; set; } = static () => Task.CompletedTask;

    /// <summary>What comes between the API's reading of a customer and its answer.</summary>
    public Func<Task> AfterRead { get; set; } = static () => Task.CompletedTask;

    /// <summary>The status of the answer to a write of a pet; below 400 the pet has changed.</summary>
    public int WriteStatus { get; set; } = 200;

    /// <summary>The status of the answer to a read of a pet.</summary>
    public int ReadStatus { get; set; } = 200;

    /// <summary>How often the API was asked for a customer.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public string Version => Volatile.Read(ref _version).ToString(CultureInfo.InvariantCulture);

    public string Body => Text(Version);

    public static async Task<PetScene> StartAsync()
    {
        var scene = new PetScene(await StubApi.StartAsync());
        scene.Api.Handler = scene.AnswerAsync;
        return scene;
    }

    /// <summary>A proxy in front of it.</summary>
    public Task<ProxyUnderTest> StartProxyAsync(ProxyOnStores stores, StoreKind store, params (string Key, string? Value)[] settings) =>
        stores.StartAsync(store, Api.Address, [.. Settings, .. settings]);

    public static string Text(string version) => $$"""{"id":1,"pets":[{"id":7,"name":"{{version}}"},{"id":"a8"}]}""";

    public ValueTask DisposeAsync() => Api.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/api/pets", StringComparison.Ordinal))
        {
            await AnswerPetAsync(context);
            return;
        }

        Interlocked.Increment(ref _asked);
        if (CustomerAnswer is { } answer)
        {
            await answer(context);
            return;
        }

        var read = Version;
        await AfterRead();
        context.Response.Headers.ETag = $"\"{read}\"";
        if (context.Request.Headers.IfNoneMatch.ToString() == $"\"{read}\"")
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Text(read));
    }

    private async Task AnswerPetAsync(HttpContext context)
    {
        if (!HttpMethods.IsGet(context.Request.Method))
        {
            await BeforeWrite();
            if (WriteStatus < 400)
            {
                Interlocked.Increment(ref _version);
            }

            context.Response.StatusCode = WriteStatus;
            return;
        }

        context.Response.StatusCode = ReadStatus;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"id":7,"name":"{{Version}}"}""");
    }
}
