using System.Security.Cryptography;
using System.Text;
using CacheProxy.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Identity;

/// <summary>
/// The parts of a variant for a person to read: each that <see cref="VariantDigest"/> takes, and no other. Two requests whose parts are equal
/// have one variant.
/// </summary>
internal static class VariantParts
{
    private const int FingerprintBytes = 8;
    private const string ForwardedFor = "x-forwarded-for";

    /// <param name="source">The request.</param>
    /// <param name="vary">Canonical list of the header names that the resource varies on.</param>
    /// <param name="credentials">Names the headers whose values are not shown.</param>
    public static List<VariantPart> Of(in VariantSource source, string vary, CredentialFingerprint credentials)
    {
        var parts = new List<VariantPart>();
        Add(parts, "query", source.Query.Length > 0 ? source.Query : null);
        Add(parts, "path", source.OriginalPath);
        Add(parts, "scheme", source.DeclaredScheme);
        if (source.Claims is { } claims)
        {
            parts.Add(new VariantPart("claims", null, Shorten(claims), IsFingerprint: true));
        }

        AddCredentials(parts, source);
        var names = new SortedSet<string>(source.VaryBy.IsDefault ? [] : source.VaryBy, StringComparer.Ordinal);
        foreach (var name in VaryNames.Enumerate(vary))
        {
            names.Add(name);
        }

        if (source.Client is { } client && names.Contains(ForwardedFor))
        {
            Add(parts, "client", client.ToString());
        }

        foreach (var name in RareHeaders.ForwardedNames.Where(source.Headers.ContainsKey))
        {
            AddHeader(parts, "forwarded header", name, source.Headers[name], credentials);
        }

        foreach (var name in names)
        {
            AddVaryHeader(parts, source, name, credentials);
        }

        return parts;
    }

    /// <summary>Tells two secrets apart, and tells neither.</summary>
    public static string Fingerprint(string secret) => Shorten(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static string Shorten(ReadOnlySpan<byte> digest) => Convert.ToHexStringLower(digest[..FingerprintBytes]);

    private static void AddCredentials(List<VariantPart> parts, in VariantSource source)
    {
        if (source.Credentials is { } credentials && credentials.IsPresent(source.Headers))
        {
            Span<byte> fingerprint = stackalloc byte[CredentialFingerprint.Length];
            credentials.Write(source.Headers, fingerprint);
            parts.Add(new VariantPart("credentials", null, Shorten(fingerprint), IsFingerprint: true));
        }
    }

    private static void AddVaryHeader(List<VariantPart> parts, in VariantSource source, string name, CredentialFingerprint credentials)
    {
        if (source.Headers.TryGetValue(name, out var values))
        {
            var value = VaryNormalization.Normalize(name, values);
            if (!VaryNormalization.MeansAnything(name, value))
            {
                AddHeader(parts, "header", name, value, credentials);
            }
        }

        foreach (var folded in source.Folded.All)
        {
            if (folded.MayBeTakenFor(name))
            {
                AddHeader(parts, "header taken for " + name, folded.Name.ToLowerInvariant(), folded.Values, credentials);
            }
        }

        if (FoldedHeaders.HasMark(name) && source.Headers.TryGetValue(FoldedHeaders.Fold(name), out var spelled))
        {
            AddHeader(parts, "header taken for " + name, FoldedHeaders.Fold(name), spelled, credentials);
        }
    }

    private static void Add(List<VariantPart> parts, string kind, string? value)
    {
        if (value is not null)
        {
            parts.Add(new VariantPart(kind, null, value));
        }
    }

    // Authorization and Cookie also where the configuration does not call them credentials: Vary may name them.
    private static void AddHeader(List<VariantPart> parts, string kind, string name, StringValues values, CredentialFingerprint credentials)
    {
        var text = string.Join('\n', values.ToArray());
        var isSecret = credentials.Names(name) || CredentialOptions.UsualHeaders.Contains(name, StringComparer.OrdinalIgnoreCase);
        parts.Add(new VariantPart(kind, name, isSecret ? Fingerprint(text) : text, isSecret));
    }
}

/// <summary>One thing by which a request's variant differs from the plain one.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The header, where it is one.</param>
/// <param name="Value">What it is there; of what tells callers apart only a fingerprint.</param>
/// <param name="IsFingerprint">Whether it is one.</param>
internal readonly record struct VariantPart(string Kind, string? Name, string Value, bool IsFingerprint = false);
