using System.Net;

namespace CacheProxy.Identity;

/// <summary>What besides the resource may change the answer to a request.</summary>
/// <param name="Headers">The request's headers.</param>
/// <param name="Query">The raw query with its question mark; empty without one.</param>
/// <param name="Credentials">Set when each credential has an entry of its own.</param>
/// <param name="PathSpelling">The path as it was spelled, when the key holds another spelling; else <c>null</c>.</param>
/// <param name="Client">The address that the proxy appends to <c>X-Forwarded-For</c>.</param>
/// <param name="ForeignScheme">The scheme that the request states, when its connection has another; else <c>null</c>.</param>
internal readonly record struct VariantSource(
    IHeaderDictionary Headers,
    string Query,
    CredentialFingerprint? Credentials,
    string? PathSpelling,
    IPAddress? Client = null,
    string? ForeignScheme = null);
