using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>Several servers and a load for each test: one of them at a time. Mostly they wait for servers to notice, while others run.</summary>
[CollectionDefinition(nameof(TopologyCollection))]
public sealed class TopologyCollection;
