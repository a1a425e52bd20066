using System.Collections.Immutable;

namespace CacheProxy.Identity;

/// <summary>
/// What a request asks for by its content, in the place that its query alone has in a GET. The content counts byte for byte, and so do the
/// fields that say how to read it. RFC 10008 lets a cache take contents for equal that mean the same; whether an API does so nobody else knows.
/// </summary>
internal static class ContentDigest
{
    private const int HashBytes = 32;
    private const int ScratchBytes = 512;

    /// <summary>The request headers that say how to read content.</summary>
    public static ImmutableArray<string> Headers { get; } =
        ["Content-Type", "Content-Encoding", "Content-Language", "Content-Location", "Content-Disposition", "Content-Range"];

    /// <returns>Text that begins with a digit or letter, and so is no query: no such request ever shares a variant with a GET.</returns>
    public static string Compute(string method, IHeaderDictionary headers, ReadOnlySpan<byte> content, string query)
    {
        var digest = new FramedDigest(stackalloc byte[ScratchBytes], []);
        digest.Add(DigestPart.Method, method);
        foreach (var name in Headers)
        {
            if (headers.TryGetValue(name, out var values))
            {
                digest.Add(DigestPart.ContentHeader, name, values);
            }
        }

        digest.Add(DigestPart.Content, content);
        Span<byte> hash = stackalloc byte[HashBytes];
        digest.Finish(hash);
        return Convert.ToHexStringLower(hash) + query;
    }
}
