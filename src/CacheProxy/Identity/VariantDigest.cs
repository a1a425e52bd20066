using System.Collections.Immutable;
using System.Net;
using System.Runtime.InteropServices;
using CacheProxy.Http;

namespace CacheProxy.Identity;

/// <summary>Computes the variant of a request.</summary>
internal static class VariantDigest
{
    private const int DigestBytes = 16;
    private const int HashBytes = 32;
    private const int ScratchBytes = 512;
    private const int NormalizedCharacters = 512;
    private const string ForwardedFor = "x-forwarded-for";
    // Within the scratch: of what is found, nothing was rented.
    private const int LongestRecent = 256;

    // At most 256 KB. Two contents in one place only take turns.
    private static readonly RecentDigest?[] RecentDigests = new RecentDigest?[512];

    /// <param name="source">The request.</param>
    /// <param name="vary">Canonical list of the header names that the resource varies on.</param>
    public static VariantKey Compute(in VariantSource source, string vary)
    {
        // The runtime clears it first, for every request.
        var digest = new FramedDigest(stackalloc byte[ScratchBytes], []);
        if (source.Query.Length > 0)
        {
            digest.Add(DigestPart.Query, source.Query);
        }

        if (source.OriginalPath is { } path)
        {
            digest.Add(DigestPart.Path, path);
        }

        if (source.DeclaredScheme is { } scheme)
        {
            digest.Add(DigestPart.Scheme, scheme);
        }

        if (source.Claims is { } claims)
        {
            digest.Add(DigestPart.Claims, claims.AsSpan());
        }

        AddCredentials(ref digest, source);
        AddClient(ref digest, source, vary);
        AddForwardedHeaders(ref digest, source);
        var tellsNobodyApart = digest.IsEmpty;
        AddVaryHeaders(ref digest, source, vary, ref tellsNobodyApart);

        if (digest.IsEmpty)
        {
            return source.IsSealed ? VariantKey.PlainSealed : VariantKey.Plain;
        }

        return VariantKey.Of(tellsNobodyApart ? Recent(ref digest) : Finish(ref digest), source.IsSealed);
    }

    // Clients accept the same few representations again and again: those are hashed once (CPU of a hit × 0.97).
    private static string Recent(ref FramedDigest digest)
    {
        var content = digest.Content;
        if (content.Length > LongestRecent)
        {
            return Finish(ref digest);
        }

        ref var place = ref RecentDigests[string.GetHashCode(MemoryMarshal.Cast<byte, char>(content)) & (RecentDigests.Length - 1)];
        if (Volatile.Read(ref place) is { } recent && content.SequenceEqual(recent.Content))
        {
            return recent.Digits;
        }

        var kept = content.ToArray();
        var made = new RecentDigest(kept, Finish(ref digest));
        Volatile.Write(ref place, made);
        return made.Digits;
    }

    private static string Finish(ref FramedDigest digest)
    {
        Span<byte> hash = stackalloc byte[HashBytes];
        digest.Finish(hash);
        return Convert.ToHexStringLower(hash[..DigestBytes]);
    }

    private static void AddForwardedHeaders(ref FramedDigest digest, in VariantSource source)
    {
        var names = RareHeaders.ForwardedNames.AsSpan();
        for (var i = 0; i < names.Length; i++)
        {
            if (source.Folded.MayHave(1u << (RareHeaders.FirstForwarded + i)))
            {
                AddHeader(ref digest, DigestPart.ForwardedHeader, source.Headers, names[i]);
            }
        }
    }

    private static void AddCredentials(ref FramedDigest digest, in VariantSource source)
    {
        if (source.Credentials is { } credentials && credentials.IsPresent(source.Headers))
        {
            Span<byte> fingerprint = stackalloc byte[CredentialFingerprint.Length];
            credentials.Write(source.Headers, fingerprint);
            digest.Add(DigestPart.Credentials, fingerprint);
        }
    }

    // Both lists are sorted, so that a name makes the same digest whichever of them has it.
    private static void AddVaryHeaders(ref FramedDigest digest, in VariantSource source, string vary, ref bool tellsNobodyApart)
    {
        var always = source.VaryBy.AsSpan();
        var names = VaryNames.Enumerate(vary);
        var next = names.MoveNext() ? names.Current : null;
        while (next is not null || !always.IsEmpty)
        {
            var order = next is null ? -1 : always.IsEmpty ? 1 : string.CompareOrdinal(always[0], next);
            AddVaryHeader(ref digest, source, order <= 0 ? always[0] : next!, ref tellsNobodyApart);
            always = order <= 0 ? always[1..] : always;
            if (order >= 0)
            {
                next = names.MoveNext() ? names.Current : null;
            }
        }
    }

    // RFC 9111 §4.1: values that mean the same select the same response. An absent header is not the same as an empty one.
    private static void AddVaryHeader(ref FramedDigest digest, in VariantSource source, string name, ref bool tellsNobodyApart)
    {
        // Most clients that do not care say so in just these words, or not at all.
        if (source.Headers.TryGetValue(name, out var values) && !(values.Count == 1 && VaryNormalization.MeansAnything(name, values[0])))
        {
            var value = VaryNormalization.Normalize(name, values, stackalloc char[NormalizedCharacters]);
            if (!VaryNormalization.MeansAnything(name, value))
            {
                digest.AddOne(DigestPart.VaryHeader, name, value);
                tellsNobodyApart &= name.StartsWith("accept", StringComparison.Ordinal);
            }
        }

        if (!source.Folded.IsEmpty || FoldedHeaders.HasMark(name))
        {
            tellsNobodyApart = false;
            AddFoldedHeaders(ref digest, source, name);
        }
    }

    // What the API may have read in place of the header: no answer to it is for anybody else.
    private static void AddFoldedHeaders(ref FramedDigest digest, in VariantSource source, string name)
    {
        foreach (var header in source.Folded.All)
        {
            if (header.MayBeTakenFor(name))
            {
                digest.Add(DigestPart.FoldedHeader, header.Name.ToLowerInvariant(), header.Values);
            }
        }

        if (FoldedHeaders.HasMark(name))
        {
            AddHeader(ref digest, DigestPart.FoldedHeader, source.Headers, FoldedHeaders.Fold(name));
        }
    }

    private static void AddHeader(ref FramedDigest digest, DigestPart part, IHeaderDictionary headers, string name)
    {
        if (headers.TryGetValue(name, out var values))
        {
            digest.Add(part, name, values);
        }
    }

    // The API sees the client's address appended, whether the client sent the header or not.
    private static void AddClient(ref FramedDigest digest, in VariantSource source, ReadOnlySpan<char> vary)
    {
        if (source.Client is { } client && (FieldNameList.Contains(vary, ForwardedFor) || source.VaryBy.AsSpan().Contains(ForwardedFor)))
        {
            digest.Add(DigestPart.Client, client.ToString());
        }
    }

    private sealed record RecentDigest(byte[] Content, string Digits);
}

/// <summary>What besides the resource may change the answer to a request.</summary>
/// <param name="Headers">The request's headers.</param>
/// <param name="Query">
/// The raw query with its question mark; empty without one. Where content asks with it, what <see cref="ContentDigest"/> makes of both.
/// </param>
/// <param name="Credentials">Set when each credential has an entry of its own.</param>
/// <param name="OriginalPath">The path as it arrived, when it is not the <see cref="CanonicalPath"/>; else <c>null</c>.</param>
/// <param name="Client">The address that the proxy appends to <c>X-Forwarded-For</c>.</param>
/// <param name="DeclaredScheme">The scheme that the request declares, when its connection has another; else <c>null</c>.</param>
/// <param name="Folded">Those of its headers that an API may take for others.</param>
/// <param name="VaryBy">The headers that count whatever the resource varies on: sorted, in lower case.</param>
/// <param name="Claims">The fingerprint of the verified claims by which callers share, when they do.</param>
/// <param name="IsSealed">Whether the store holds it encrypted where others can read it.</param>
internal readonly record struct VariantSource(
    IHeaderDictionary Headers,
    string Query,
    CredentialFingerprint? Credentials,
    string? OriginalPath,
    IPAddress? Client = null,
    string? DeclaredScheme = null,
    FoldedHeaders Folded = default,
    ImmutableArray<string> VaryBy = default,
    byte[]? Claims = null,
    bool IsSealed = false);
