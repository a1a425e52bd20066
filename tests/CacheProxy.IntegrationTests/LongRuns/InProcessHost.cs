using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.IntegrationTests.LongRuns;

internal sealed class InProcessHost(ProxyUnderTest proxy) : ILongRunHost
{
    private readonly PendingEvictions _pending = proxy.Services.GetRequiredService<PendingEvictions>();

    public HttpClient Client => proxy.Client;

    public int PendingEvictions => _pending.Count;

    public bool MayBeGone => false;

    public bool HasPendingEviction(string customer) => _pending.MustForward(new ResourceKey("demo:customer:" + customer));
}
