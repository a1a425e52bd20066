using System.Globalization;
using System.Text;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Http;

/// <summary>
/// Whether a posted form or object may name another method among its fields (<see cref="MethodOverride.MayBeInBody"/>). Where its content
/// cannot be read with certainty, it may.
/// </summary>
internal static class OverrideInContent
{
    private const int EscapeDigits = 2;

    private static ReadOnlySpan<byte> FieldName => "_method"u8;

    /// <param name="contentType">The request's <c>Content-Type</c>.</param>
    /// <param name="contentEncoding">Its <c>Content-Encoding</c>; empty for none.</param>
    /// <param name="content">The content, whole.</param>
    public static bool IsPossible(string? contentType, string contentEncoding, ReadOnlySpan<byte> content) =>
        (contentEncoding.Length > 0 && !contentEncoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        || !IsReadable(contentType)
        // UTF-16 and its kin, which need not be declared.
        || content.Contains((byte)0)
        || HasFieldName(content)
        || HasEscapeOfIt(content, "%"u8)
        || HasEscapeOfIt(content, @"\u00"u8);

    // The parts of a multipart form have encodings of their own.
    private static bool IsReadable(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && !type.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase)
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).ToString().ToUpperInvariant() is "UTF-8" or "US-ASCII" or "ISO-8859-1");

    private static bool HasFieldName(ReadOnlySpan<byte> content)
    {
        for (var i = content.IndexOf(FieldName[0]); i >= 0; i = Next(content, i))
        {
            if (content.Length - i >= FieldName.Length && Ascii.EqualsIgnoreCase(content.Slice(i, FieldName.Length), FieldName))
            {
                return true;
            }
        }

        return false;

        static int Next(ReadOnlySpan<byte> content, int i)
        {
            var next = content[(i + 1)..].IndexOf(FieldName[0]);
            return next < 0 ? -1 : i + 1 + next;
        }
    }

    // Nobody who means well writes a letter of it as %6d or \u006d.
    private static bool HasEscapeOfIt(ReadOnlySpan<byte> content, ReadOnlySpan<byte> mark)
    {
        for (var at = content.IndexOf(mark); at >= 0; at = content.IndexOf(mark))
        {
            content = content[(at + mark.Length)..];
            if (content.Length >= EscapeDigits
                && byte.TryParse(content[..EscapeDigits], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var escaped)
                && FieldName.Contains(char.IsAsciiLetterUpper((char)escaped) ? (byte)(escaped | 0x20) : escaped))
            {
                return true;
            }
        }

        return false;
    }
}
