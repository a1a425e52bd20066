namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>An interleaving in which the store broke its promise.</summary>
internal sealed class InterleavingException(string message) : Exception(message);
