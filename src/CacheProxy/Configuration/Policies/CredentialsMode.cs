namespace CacheProxy.Configuration.Policies;

/// <summary>Who may share a stored response.</summary>
internal enum CredentialsMode
{
    /// <summary>One entry per byte-identical set of credential headers.</summary>
    PerCredential,

    /// <summary>The rules of RFC 9111 §3.5: a response to a request with <c>Authorization</c> is shared only if the origin allows it.</summary>
    Rfc9111,

    /// <summary>Everybody shares: authorisation happens before the sidecar.</summary>
    Shared,

    /// <summary>A request with credentials is forwarded uncached.</summary>
    Bypass,
}
