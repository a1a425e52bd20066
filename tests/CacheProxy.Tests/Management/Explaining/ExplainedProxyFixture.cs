using Xunit;

namespace CacheProxy.Tests.Management.Explaining;

/// <summary>One for the tests of a class that change nothing that another one sees.</summary>
public sealed class ExplainedProxyFixture : IAsyncLifetime
{
    internal ExplainedProxy Proxy { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Proxy = await ExplainedProxy.StartAsync();

    public ValueTask DisposeAsync() => Proxy.DisposeAsync();
}
