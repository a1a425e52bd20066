namespace CacheProxy.Bench.Load;

/// <summary>A figure that would be wrong: a hit that was none, a body that is not the API's, an answer that is no 200.</summary>
internal sealed class BenchFailure(string message, Exception? inner = null) : Exception(message, inner);
