using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>Holds requests that carry <see cref="Header"/> when routing has found their endpoint and nobody has seen it yet.</summary>
internal sealed class HeldRouting : MatcherPolicy, IEndpointSelectorPolicy
{
    public const string Header = "X-Held";

    public Gate Gate { get; } = new();

    public override int Order => int.MaxValue;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => true;

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates) =>
        httpContext.Request.Headers.ContainsKey(Header) ? Gate.PassAsync() : Task.CompletedTask;
}
