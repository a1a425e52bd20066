using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Identity;

/// <summary>Which requests carry credentials, and a digest that tells any two sets of them apart.</summary>
internal sealed class CredentialFingerprint
{
    public const int Length = 32;

    private readonly ImmutableArray<string> _headers;
    private readonly byte[] _secret;

    public CredentialFingerprint(CredentialOptions options)
    {
        // Sorted, so that the order in the configuration does not matter between replicas.
        _headers = [.. options.Headers.Select(static name => name.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal)];
        _secret = Encoding.UTF8.GetBytes(options.FingerprintSecret);
    }

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
