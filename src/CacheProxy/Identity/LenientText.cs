using System.Globalization;
using System.Text;

namespace CacheProxy.Identity;

/// <summary>
/// Text as the most lenient API reads it: percent-encodings are decoded repeatedly, including overlong UTF-8 and <c>%uXXXX</c>.
/// </summary>
internal static class LenientText
{
    // No API decodes more often than this.
    private const int MaxDecodings = 3;
    private const char FirstFullWidth = '\uFF01';
    private const char LastFullWidth = '\uFF5E';
    private const int FromFullWidth = FirstFullWidth - '!';

    public static string Decode(string text)
    {
        for (var i = 0; i < MaxDecodings && text.Contains('%'); i++)
        {
            text = DecodeOnce(text);
        }

        return text;
    }

    /// <summary>Digits of any script and full-width forms become the ASCII characters that number parsers and normalisation take them for.</summary>
    public static string Fold(string text) => string.Create(text.Length, text, static (folded, original) =>
    {
        for (var i = 0; i < folded.Length; i++)
        {
            var c = original[i];
            var digit = c < FirstFullWidth || c > LastFullWidth ? CharUnicodeInfo.GetDecimalDigitValue(c) : -1;
            folded[i] = digit >= 0 ? (char)('0' + digit) : c is >= FirstFullWidth and <= LastFullWidth ? (char)(c - FromFullWidth) : c;
        }
    });

    /// <summary>
    /// The characters of a route value that every API reads alike, after decoding: from the first unreserved character to the last before
    /// one that is not. A number parser that skips blanks and signs stops there too.
    /// </summary>
    public static string? SafePrefix(string? value)
    {
        if (value is null || !value.AsSpan().ContainsAnyExcept(UriCharacters.Unreserved))
        {
            return value;
        }

        var text = Decode(value).AsSpan();
        var start = text.IndexOfAny(UriCharacters.Unreserved);
        text = start < 0 ? default : text[start..];
        var end = text.IndexOfAnyExcept(UriCharacters.Unreserved);
        return (end < 0 ? text : text[..end]).ToString();
    }

    private static string DecodeOnce(ReadOnlySpan<char> text)
    {
        var decoded = new StringBuilder(text.Length);
        while (!text.IsEmpty)
        {
            var length = Encoded(text, out var code);
            if (length == 0)
            {
                decoded.Append(text[0]);
                text = text[1..];
                continue;
            }

            decoded.Append(Rune.IsValid(code) ? new Rune(code).ToString() : "\uFFFD");
            text = text[length..];
        }

        return decoded.ToString();
    }

    // How many characters at the start encode one code point; 0 for none.
    private static int Encoded(ReadOnlySpan<char> text, out int code)
    {
        if (text is ['%', 'u' or 'U', _, _, _, _, ..] && TryHex(text[2..6], out code))
        {
            return 6;
        }

        if (!TryByte(text, out code))
        {
            return 0;
        }

        var more = code switch { >= 0xF0 => 3, >= 0xE0 => 2, >= 0xC0 => 1, _ => 0 };
        var point = more == 0 ? code : code & (0x3F >> more);
        for (var i = 1; i <= more; i++)
        {
            if (!TryByte(text[(3 * i)..], out var next) || (next & 0xC0) != 0x80)
            {
                // A byte of Latin-1 that stands alone.
                return 3;
            }

            point = (point << 6) | (next & 0x3F);
        }

        code = point;
        return 3 * (more + 1);
    }

    private static bool TryByte(ReadOnlySpan<char> text, out int value)
    {
        value = 0;
        return text is ['%', _, _, ..] && TryHex(text[1..3], out value);
    }

    private static bool TryHex(ReadOnlySpan<char> text, out int value) =>
        int.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
}
