using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace CacheProxy.Tests.Identity.Tokens;

/// <summary>Makes tokens, right ones and wrong ones, with a real key.</summary>
internal sealed class TokenIssuer
{
    public const string Name = "https://issuer.test";
    public const string Audience = "customer-api";

    // Making one takes longer than all else here.
    private static readonly RSA FirstRsa = RSA.Create(2048);
    private static readonly RSA SecondRsa = RSA.Create(2048);

    private readonly Func<byte[], string, byte[]> _sign;

    private TokenIssuer(string id, string algorithm, JsonObject publicKey, Func<byte[], string, byte[]> sign)
    {
        (Id, Algorithm, PublicKey, _sign) = (id, algorithm, publicKey, sign);
        publicKey["kid"] = id;
    }

    public string Id { get; }

    public string Algorithm { get; }

    /// <summary>As it stands in a JWKS.</summary>
    public JsonObject PublicKey { get; }

    public static TokenIssuer Rsa(string id = "rsa", bool other = false, string algorithm = "RS256")
    {
        var rsa = other ? SecondRsa : FirstRsa;
        var parameters = rsa.ExportParameters(includePrivateParameters: false);
        return new TokenIssuer(
            id,
            algorithm,
            new JsonObject { ["kty"] = "RSA", ["use"] = "sig", ["n"] = Encode(parameters.Modulus!), ["e"] = Encode(parameters.Exponent!) },
            (data, used) => rsa.SignData(
                data, new HashAlgorithmName("SHA" + used[2..]), used[0] == 'P' ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1));
    }

    public static TokenIssuer Curve(string id = "ec", string name = "P-256", string algorithm = "ES256")
    {
        var ecdsa = ECDsa.Create(name switch { "P-256" => ECCurve.NamedCurves.nistP256, "P-384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
        return new TokenIssuer(
            id,
            algorithm,
            new JsonObject { ["kty"] = "EC", ["crv"] = name, ["x"] = Encode(point.X!), ["y"] = Encode(point.Y!) },
            (data, used) => ecdsa.SignData(data, new HashAlgorithmName("SHA" + used[2..])));
    }

    public static byte[] Jwks(params TokenIssuer[] issuers) =>
        Encoding.UTF8.GetBytes(new JsonObject { ["keys"] = new JsonArray([.. issuers.Select(static issuer => issuer.PublicKey.DeepClone())]) }.ToJsonString());

    /// <summary>A good payload, but for what is changed.</summary>
    public static JsonObject Payload(DateTimeOffset now, params (string Name, JsonNode? Value)[] changes)
    {
        var payload = new JsonObject
        {
            ["iss"] = Name,
            ["aud"] = Audience,
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddMinutes(15).ToUnixTimeSeconds(),
            ["sub"] = "anna",
            ["tenant"] = "demo",
            ["role"] = "staff",
        };
        foreach (var (name, value) in changes)
        {
            payload.Remove(name);
            if (value is not null)
            {
                payload[name] = value;
            }
        }

        return payload;
    }

    /// <summary>A signed token; of another <c>alg</c>, <c>kid</c> or whatever else the header is to have.</summary>
    public string Sign(JsonObject payload, params (string Name, JsonNode? Value)[] header) => Sign(payload.ToJsonString(), header);

    public string Sign(string payload, params (string Name, JsonNode? Value)[] header)
    {
        var fields = new JsonObject { ["alg"] = Algorithm, ["kid"] = Id, ["typ"] = "JWT" };
        foreach (var (name, value) in header)
        {
            fields.Remove(name);
            if (value is not null)
            {
                fields[name] = value;
            }
        }

        var signed = $"{Encode(fields.ToJsonString())}.{Encode(payload)}";
        return $"{signed}.{Encode(_sign(Encoding.ASCII.GetBytes(signed), Algorithm))}";
    }

    /// <summary>What is made with the public key as if it were a secret, or with no key at all.</summary>
    public string Forge(JsonObject payload, string algorithm)
    {
        var signed = $"{Encode(new JsonObject { ["alg"] = algorithm, ["kid"] = Id }.ToJsonString())}.{Encode(payload.ToJsonString())}";
        return algorithm == "none"
            ? $"{signed}."
            : $"{signed}.{Encode(HMACSHA256.HashData(Encoding.UTF8.GetBytes(PublicKey["n"]!.GetValue<string>()), Encoding.ASCII.GetBytes(signed)))}";
    }

    private static string Encode(string text) => Encode(Encoding.UTF8.GetBytes(text));

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);
}
