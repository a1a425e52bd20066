using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Identity;

/// <summary>Says whether a request carries credentials, and makes a digest that differs for any two sets of them.</summary>
internal sealed class CredentialFingerprint
{
    public const int Length = 32;

    private readonly ImmutableArray<string> _headers;
    private readonly byte[] _secret;

    /// <param name="options">What counts as a credential.</param>
    /// <param name="except">A header that does not count here.</param>
    public CredentialFingerprint(CredentialOptions options, string? except = null)
    {
        // Sorted, so that the order in the configuration does not matter between replicas.
        _headers =
        [
            .. options.Headers.Select(static name => name.ToLowerInvariant())
                .Where(name => name != except?.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal),
        ];
        _secret = Encoding.UTF8.GetBytes(options.FingerprintSecret);
    }

    /// <summary>Whether a header of this name is one.</summary>
    public bool Names(string header) => _headers.Contains(header, StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the request carries any credential header, even an empty one.</summary>
    public bool IsPresent(IHeaderDictionary headers)
    {
        foreach (var name in _headers)
        {
            if (headers.ContainsKey(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes <see cref="Length"/> bytes; equal for two requests only if their credential headers are byte-identical.</summary>
    public void Write(IHeaderDictionary headers, Span<byte> destination)
    {
        var digest = new FramedDigest(stackalloc byte[512], _secret);
        foreach (var name in _headers)
        {
            if (headers.TryGetValue(name, out StringValues values))
            {
                digest.Add(DigestPart.CredentialHeader, name, values);
            }
        }

        digest.Finish(destination);
    }
}

/// <summary>What counts as a credential (<c>CacheProxy:Credentials</c>).</summary>
internal sealed record CredentialOptions
{
    /// <summary>What a header that carries credentials is mostly called.</summary>
    public static readonly ImmutableArray<string> UsualHeaders = ["Authorization", "Cookie", "X-Api-Key"];

    /// <summary>Request headers that carry credentials. Default: Authorization, Cookie, X-Api-Key.</summary>
    public ImmutableArray<string> Headers { get; init; } = UsualHeaders;

    /// <summary>
    /// Secret for the HMAC-SHA-256 of the credentials' fingerprint; all replicas need the same. Default: empty, a plain SHA-256.
    /// Set it where others can read the store and credentials could be guessed.
    /// </summary>
    public string FingerprintSecret { get; init; } = "";
}
