using CacheProxy.Bench.YarpPeers;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Transforms;

// One of three caches, or none, in front of the API: --cache none|output|fusion --urls … --api … [--redis HOST:PORT]
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.ConfigureKestrel(static kestrel => kestrel.AddServerHeader = false);

var cache = builder.Configuration["cache"];
var customers = new RouteConfig
{
    RouteId = "customers",
    ClusterId = "api",
    Match = new RouteMatch { Path = "/api/customers/{id}" },
    OutputCachePolicy = cache == "output" ? OutputCached.Policy : null,
}.WithTransformUseOriginalHostHeader();
var everythingElse = new RouteConfig { RouteId = "everything-else", ClusterId = "api", Match = new RouteMatch { Path = "{**path}" } }
    .WithTransformUseOriginalHostHeader();
var api = new ClusterConfig
{
    ClusterId = "api",
    Destinations = new Dictionary<string, DestinationConfig> { ["primary"] = new() { Address = builder.Configuration["api"]! } },
};
builder.Services.AddReverseProxy().LoadFromMemory([customers, everythingElse], [api]);

var app = cache switch
{
    "none" => Alone.Build(builder),
    "output" => OutputCached.Build(builder),
    "fusion" => Fused.Build(builder),
    _ => throw new InvalidOperationException("--cache is none, output or fusion"),
};
await app.RunAsync();
