using Xunit;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>What takes every processor for itself runs when nothing else does.</summary>
[CollectionDefinition(nameof(ExhaustiveCollection), DisableParallelization = true)]
public sealed class ExhaustiveCollection;
