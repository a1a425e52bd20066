using Projects;

// The sample API with CacheProxy in front of it and a Redis, for development: dotnet run --project samples/Aspire (wants a container engine).
var builder = DistributedApplication.CreateBuilder(args);

var redis = builder.AddRedis("redis");

// Nobody but CacheProxy needs to know where the API is; a write past CacheProxy would evict nothing.
var api = builder.AddProject<CustomerApi>("customer-api", launchProfileName: null)
    .WithHttpEndpoint(name: "http")
    .WithHttpHealthCheck("/healthz", endpointName: "http");

var proxy = builder.AddProject<Projects.CacheProxy>("cacheproxy", launchProfileName: null)
    .WithHttpEndpoint(port: 4004, name: "proxy")
    .WithHttpEndpoint(port: 9904, name: "management")
    .WithEnvironment("CacheProxy__Redis__ConnectionString", redis.Resource.ConnectionStringExpression)
    .WithEnvironment("ReverseProxy__Clusters__customer-api__Destinations__primary__Address", api.GetEndpoint("http"))
    .WithHttpHealthCheck("/readyz", endpointName: "management")
    .WithEndpoint("proxy", static endpoint => endpoint.IsExternal = true)
    .WaitFor(redis)
    .WaitFor(api);

// CacheProxy listens where its own keys say.
foreach (var (key, name) in new[] { ("Kestrel__Endpoints__Proxy__Url", "proxy"), ("Kestrel__Endpoints__Management__Url", "management") })
{
    var port = proxy.GetEndpoint(name).Property(EndpointProperty.TargetPort);
    proxy.WithEnvironment(key, ReferenceExpression.Create($"http://localhost:{port}"));
}

await builder.Build().RunAsync();
