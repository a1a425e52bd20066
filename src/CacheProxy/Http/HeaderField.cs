namespace CacheProxy.Http;

/// <summary>One header line of a stored response. A name that was repeated is repeated, in the order received.</summary>
internal readonly record struct HeaderField(string Name, string Value);
