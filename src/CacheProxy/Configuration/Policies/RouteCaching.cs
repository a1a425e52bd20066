using System.Collections.Immutable;

namespace CacheProxy.Configuration.Policies;

/// <summary>What the metadata of one route asks for.</summary>
/// <param name="Policy">The policy that its responses are cached by; <c>null</c> for none.</param>
/// <param name="Evicts">The policies whose keys an unsafe request on it also evicts.</param>
internal sealed record RouteCaching(CachePolicy? Policy, ImmutableArray<CachePolicy> Evicts);
