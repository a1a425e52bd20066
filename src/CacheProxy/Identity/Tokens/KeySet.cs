using System.Buffers.Text;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace CacheProxy.Identity.Tokens;

/// <summary>
/// The issuer's public keys that signatures may be checked with: RSA from 2,048 bits and the curves P-256, P-384 and P-521. Whatever else
/// a JWKS has is left out; a secret, above all, could be known to others.
/// </summary>
internal sealed class KeySet
{
    // No issuer publishes as many; each may be tried for a token that names none.
    private const int MostKeys = 32;
    private const int LeastRsaBits = 2048;
    private const int MostRsaBits = 8192;

    private static readonly ImmutableDictionary<string, ECCurve> Curves = ImmutableDictionary.CreateRange(
    [
        KeyValuePair.Create("P-256", ECCurve.NamedCurves.nistP256),
        KeyValuePair.Create("P-384", ECCurve.NamedCurves.nistP384),
        KeyValuePair.Create("P-521", ECCurve.NamedCurves.nistP521),
    ]);

    private readonly ImmutableArray<VerificationKey> _keys;

    private KeySet(ImmutableArray<VerificationKey> keys) => _keys = keys;

    public int Count => _keys.Length;

    /// <summary>Reads a JWKS (RFC 7517, 5).</summary>
    /// <param name="json">What was fetched.</param>
    /// <param name="previous">Whose keys stay the same objects, so that what was verified by one of them stays verified.</param>
    /// <returns><c>null</c> when it has no key that can be used.</returns>
    public static KeySet? TryRead(ReadOnlySpan<byte> json, KeySet? previous)
    {
        JsonWebKeySet read;
        try
        {
            read = new JsonWebKeySet(Encoding.UTF8.GetString(json));
        }
        catch (Exception exception) when (exception is ArgumentException or JsonException or InvalidOperationException)
        {
            // Not a JWKS: there are no keys.
            return null;
        }

        var keys = read.Keys.Where(IsForSignatures).Take(MostKeys).Select(KeyOf).OfType<VerificationKey>()
            .Select(key => previous?._keys.FirstOrDefault(key.Equals) ?? key)
            .ToImmutableArray();
        return keys.IsEmpty ? null : new KeySet(keys);
    }

    /// <summary>Whether it is still a key of the issuer.</summary>
    public bool Has(VerificationKey key)
    {
        foreach (var one in _keys)
        {
            if (ReferenceEquals(one, key))
            {
                return true;
            }
        }

        return false;
    }

    public bool IsSameAs(KeySet other) => _keys.AsSpan().SequenceEqual(other._keys.AsSpan());

    /// <summary>The keys that a token may be signed with.</summary>
    /// <param name="algorithm">Its <c>alg</c>.</param>
    /// <param name="id">Its <c>kid</c>; without one, every key of the right kind.</param>
    public VerificationKey[] For(string algorithm, string? id) => [.. _keys.Where(key => (id is null || key.Id == id) && key.Suits(algorithm))];

    private static bool IsForSignatures(JsonWebKey key) =>
        string.IsNullOrEmpty(key.Use) ? key.KeyOps.Count == 0 || key.KeyOps.Contains("verify") : key.Use == "sig";

    private static VerificationKey? KeyOf(JsonWebKey key)
    {
        try
        {
            return key.Kty switch
            {
                "RSA" => RsaOf(key),
                "EC" => CurveOf(key),
                _ => null,
            };
        }
        catch (Exception exception) when (exception is CryptographicException or FormatException or ArgumentException)
        {
            // Not a key: its tokens count as those of an unknown one.
            return null;
        }
    }

    private static VerificationKey? RsaOf(JsonWebKey key)
    {
        if (string.IsNullOrEmpty(key.N) || string.IsNullOrEmpty(key.E))
        {
            return null;
        }

        using var rsa = RSA.Create(new RSAParameters { Modulus = Base64Url.DecodeFromChars(key.N), Exponent = Base64Url.DecodeFromChars(key.E) });
        return rsa.KeySize is >= LeastRsaBits and <= MostRsaBits
            ? Make(key, new JsonWebKey { Kty = key.Kty, N = key.N, E = key.E }, $"{key.N}.{key.E}", "RSA")
            : null;
    }

    private static VerificationKey? CurveOf(JsonWebKey key)
    {
        if (!Curves.TryGetValue(key.Crv ?? "", out var curve) || string.IsNullOrEmpty(key.X) || string.IsNullOrEmpty(key.Y))
        {
            return null;
        }

        // Refuses what is no point of the curve.
        using var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = curve,
            Q = new ECPoint { X = Base64Url.DecodeFromChars(key.X), Y = Base64Url.DecodeFromChars(key.Y) },
        });
        return Make(key, new JsonWebKey { Kty = key.Kty, Crv = key.Crv, X = key.X, Y = key.Y }, $"{key.X}.{key.Y}", key.Crv!);
    }

    // Without its private part, if it has one.
    private static VerificationKey Make(JsonWebKey key, JsonWebKey publicKey, string material, string kind)
    {
        publicKey.KeyId = key.Kid;
        return new VerificationKey(key.Kid, kind, string.IsNullOrEmpty(key.Alg) ? null : key.Alg, material) { Key = publicKey };
    }
}

/// <summary>One of the issuer's keys.</summary>
/// <param name="Id">Its <c>kid</c>.</param>
/// <param name="Kind"><c>RSA</c>, or the name of its curve.</param>
/// <param name="Algorithm">The only one that it is for, if it says so.</param>
/// <param name="Material">What makes it this key and no other.</param>
internal sealed record VerificationKey(string? Id, string Kind, string? Algorithm, string Material)
{
    /// <summary>As the library takes it.</summary>
    public required SecurityKey Key { get; init; }

    public bool Suits(string algorithm) => (Algorithm is null || Algorithm == algorithm) && SignatureAlgorithms.KindOf(algorithm) == Kind;

    public bool Equals(VerificationKey? other) =>
        other is not null && (Id, Kind, Algorithm, Material) == (other.Id, other.Kind, other.Algorithm, other.Material);

    public override int GetHashCode() => HashCode.Combine(Id, Material);
}

/// <summary>The algorithms that are taken (RFC 7518, 3.1): asymmetric ones, so that who can verify a token cannot make one.</summary>
internal static class SignatureAlgorithms
{
    /// <returns>The kind of key that it takes; <c>null</c> for one that is not taken, such as <c>none</c> and <c>HS256</c>.</returns>
    public static string? KindOf(string? algorithm) => algorithm switch
    {
        "RS256" or "RS384" or "RS512" or "PS256" or "PS384" or "PS512" => "RSA",
        "ES256" => "P-256",
        "ES384" => "P-384",
        "ES512" => "P-521",
        _ => null,
    };
}
