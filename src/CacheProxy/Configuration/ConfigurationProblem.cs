namespace CacheProxy.Configuration;

/// <summary>One thing wrong with the configuration.</summary>
/// <param name="Key">The configuration key, with colons.</param>
/// <param name="Value">What is there; <c>null</c> when the key is missing. Never a secret.</param>
/// <param name="Allowed">What is allowed instead, as a phrase.</param>
internal sealed record ConfigurationProblem(string Key, string? Value, string Allowed);
