using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using CacheProxy.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Identity.Tokens;

/// <summary>
/// What a token says of itself, before anybody has vouched for it: enough to refuse most that cannot be verified without the price of a
/// signature, and to know which tenants a write may be for.
/// </summary>
internal sealed class TokenText
{
    // Of 8 KiB of claims; honest tokens have one or two.
    private const int LongestToken = 16 * 1024;
    private const string Scheme = "Bearer ";

    private static readonly SearchValues<char> Base64UrlCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    // With a name twice, the API might take the other value.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private TokenText(JsonElement header, JsonElement payload) => (Header, Payload) = (header, payload);

    public JsonElement Header { get; }

    public JsonElement Payload { get; }

    /// <summary>The one bearer token of a request (RFC 6750, 2.1): not what is one of several, or of another scheme.</summary>
    public static bool TryFind(StringValues authorization, out ReadOnlySpan<char> token)
    {
        token = default;
        if (authorization.Count != 1 || authorization[0] is not { } line || !line.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        token = line.AsSpan(Scheme.Length).Trim(' ');
        return token.Length is > 0 and <= LongestToken;
    }

    /// <summary>Reads the compact form of a signed JWT (RFC 7515, 7.1).</summary>
    public static bool TryRead(ReadOnlySpan<char> token, [NotNullWhen(true)] out TokenText? text)
    {
        text = null;
        Span<Range> parts = stackalloc Range[4];
        if (token.Length > LongestToken || token.Split(parts, '.') != 3)
        {
            return false;
        }

        if (!IsPart(token[parts[2]]) || !TryReadPart(token[parts[0]], out var header) || !TryReadPart(token[parts[1]], out var payload))
        {
            return false;
        }

        text = new TokenText(header, payload);
        return true;
    }

    /// <summary>A text of the header or the payload; <c>null</c> where there is none.</summary>
    public static string? TextOf(JsonElement part, string name) =>
        part.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && JsonPointer.TryText(value, out var text) ? text : null;

    /// <summary>A moment of the payload (RFC 7519, NumericDate) in Unix milliseconds; <c>null</c> where there is none.</summary>
    public long? TimeOf(string name) =>
        Payload.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds)
            && seconds is >= 0 and <= 253_402_300_799
            ? (long)(seconds * 1000)
            : null;

    /// <summary>Whether <c>aud</c> is, or has, one of these.</summary>
    public bool IsFor(ReadOnlySpan<string> audience)
    {
        if (!Payload.TryGetProperty("aud", out var value))
        {
            return false;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            return TextOf(Payload, "aud") is { } one && audience.Contains(one);
        }

        foreach (var name in audience)
        {
            foreach (var element in value.EnumerateArray())
            {
                if (element.ValueKind == JsonValueKind.String && element.ValueEquals(name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static bool TryReadPart(ReadOnlySpan<char> part, out JsonElement read)
    {
        read = default;
        if (!IsPart(part))
        {
            return false;
        }

        var bytes = new byte[Base64Url.GetMaxDecodedLength(part.Length)];
        if (Base64Url.DecodeFromChars(part, bytes, out _, out var length) != OperationStatus.Done)
        {
            return false;
        }

        try
        {
            read = JsonDocument.Parse(bytes.AsMemory(0, length), Strict).RootElement;
            return read.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            // It is not JSON: then it is opaque to us.
            return false;
        }
    }

    private static bool IsPart(ReadOnlySpan<char> part) => part.Length > 0 && !part.ContainsAnyExcept(Base64UrlCharacters);
}
