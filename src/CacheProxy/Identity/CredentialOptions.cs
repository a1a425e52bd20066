using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>What counts as a credential (<c>CacheProxy:Credentials</c>).</summary>
internal sealed record CredentialOptions
{
    /// <summary>Request headers that carry credentials. Default: Authorization, Cookie, X-Api-Key.</summary>
    public ImmutableArray<string> Headers { get; init; } = ["Authorization", "Cookie", "X-Api-Key"];

    /// <summary>
    /// Secret for the HMAC-SHA-256 of the credentials' fingerprint; all replicas need the same. Default: empty, a plain SHA-256.
    /// Set it where others can read the store and credentials could be guessed.
    /// </summary>
    public string FingerprintSecret { get; init; } = "";
}
