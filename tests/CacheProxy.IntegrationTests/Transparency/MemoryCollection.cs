using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>What measures the memory of the whole process runs when nothing else does.</summary>
[CollectionDefinition(nameof(MemoryCollection), DisableParallelization = true)]
public sealed class MemoryCollection;
