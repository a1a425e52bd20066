using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>Several servers and a load for each test: one at a time.</summary>
[CollectionDefinition(nameof(TopologyCollection), DisableParallelization = true)]
public sealed class TopologyCollection;
