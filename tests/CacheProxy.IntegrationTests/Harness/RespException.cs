namespace CacheProxy.IntegrationTests.Harness;

/// <summary>Redis answered with an error.</summary>
internal sealed class RespException(string message) : Exception(message);
