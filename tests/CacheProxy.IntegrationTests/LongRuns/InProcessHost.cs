using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using CacheProxy.Store;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>Where it is a <see cref="ProxyProcess"/> it must have no pending evictions: nobody can see them.</summary>
internal sealed class InProcessHost(ProxyUnderTest proxy) : ILongRunHost
{
    private readonly PendingEvictions? _pending = ProxyProcess.IsWanted ? null : proxy.Services.GetRequiredService<PendingEvictions>();

    public HttpClient Client => proxy.Client;

    public int PendingEvictions => _pending?.Count ?? 0;

    public bool MayBeGone => false;

    // Where the run is of pets, the customer is known to be out of date by its pet.
    public bool HasPendingEviction(string customer) => _pending is not null
        && (_pending.MustForward(new ResourceKey("demo:customer:" + customer)) || _pending.MustForward(new ResourceKey("demo:pet:" + customer)));
}
