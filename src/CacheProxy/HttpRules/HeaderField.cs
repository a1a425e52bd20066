namespace CacheProxy.HttpRules;

/// <summary>A stored field line (RFC 9110 §5.2); a repeated field is several of them, in order.</summary>
internal readonly record struct HeaderField(string Name, string Value);
