using System.Diagnostics.CodeAnalysis;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Http;

/// <summary>Reads a body as JSON, where its headers say that it is and every reader would take it for the same.</summary>
internal static class JsonBody
{
    private const string Utf8 = "utf-8";

    private static readonly JsonDocumentOptions Options = new()
    {
        // Of two members of one name some take the first and some the last: what an API means is then anybody's guess.
        AllowDuplicateProperties = false,
        MaxDepth = 64,
    };

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <param name="body">The body as it was sent.</param>
    /// <param name="contentType">Its <c>Content-Type</c>: <c>application/json</c> or any <c>+json</c>, in UTF-8.</param>
    /// <param name="contentEncoding">Its <c>Content-Encoding</c>: none, <c>gzip</c>, <c>br</c> or <c>deflate</c>, and not several.</param>
    /// <param name="maxBytes">The most bytes that it may have, decoded.</param>
    /// <param name="document">What it says, to be disposed of while <paramref name="body"/> is still there; <c>null</c> when it cannot be read.</param>
    public static bool TryParse(
        ReadOnlyMemory<byte> body, string? contentType, string? contentEncoding, int maxBytes, [NotNullWhen(true)] out JsonDocument? document)
    {
        document = null;
        if (body.Length > maxBytes || !IsJson(contentType) || Decode(body, contentEncoding, maxBytes) is not { } text)
        {
            return false;
        }

        try
        {
            document = JsonDocument.Parse(text.Span.StartsWith(ByteOrderMark) ? text[ByteOrderMark.Length..] : text, Options);
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON, whatever its headers say; or a member's name holds half a surrogate pair, which the reader does not take for a name.
            return false;
        }
    }

    /// <summary>Whether a <c>Content-Type</c> says JSON (RFC 8259, RFC 6839 §3.1).</summary>
    public static bool IsJson(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && type.Type.Equals("application", StringComparison.OrdinalIgnoreCase)
        && (type.SubType.Equals("json", StringComparison.OrdinalIgnoreCase) || type.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase))
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals(Utf8, StringComparison.OrdinalIgnoreCase));

    private static ReadOnlyMemory<byte>? Decode(ReadOnlyMemory<byte> body, string? contentEncoding, int maxBytes)
    {
        if (string.IsNullOrEmpty(contentEncoding) || contentEncoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return body;
        }

        using var coded = new MemoryStream(body.ToArray(), writable: false);
        using Stream? decoder = contentEncoding.ToUpperInvariant() switch
        {
            "GZIP" or "X-GZIP" => new GZipStream(coded, CompressionMode.Decompress),
            "BR" => new BrotliStream(coded, CompressionMode.Decompress),
            // RFC 9110 §8.4.1.2: in the zlib format.
            "DEFLATE" => new ZLibStream(coded, CompressionMode.Decompress),
            _ => null,
        };
        return decoder is null ? null : ReadAll(decoder, maxBytes);
    }

    private static ReadOnlyMemory<byte>? ReadAll(Stream decoder, int maxBytes)
    {
        using var text = new MemoryStream();
        var chunk = new byte[16 * 1024];
        try
        {
            int read;
            while ((read = decoder.Read(chunk)) > 0)
            {
                text.Write(chunk, 0, read);
                // A few bytes may decode to gigabytes.
                if (text.Length > maxBytes)
                {
                    return null;
                }
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or InvalidOperationException or IOException)
        {
            // It is not encoded as its headers say.
            return null;
        }

        return text.GetBuffer().AsMemory(0, (int)text.Length);
    }
}
