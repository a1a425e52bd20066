namespace CacheProxy.Http;

/// <summary>
/// Reads the directives of one Cache-Control line (RFC 9111 §5.2) one after another, without allocating.
/// Not <c>CacheControlHeaderValue</c>: it refuses the whole line for one malformed, repeated or quoted directive, and a
/// no-store beside a typing error must still be obeyed.
/// </summary>
internal ref struct DirectiveReader(ReadOnlySpan<char> line)
{
    private const string Separators = ",; \t";

    private ReadOnlySpan<char> _rest = line;

    public ReadOnlySpan<char> Name { get; private set; }

    /// <summary>The argument without its quotes.</summary>
    public ReadOnlySpan<char> Value { get; private set; }

    public bool HasValue { get; private set; }

    /// <summary>White space around the equals sign, or a quoted string without its end: do not trust the value.</summary>
    public bool Malformed { get; private set; }

    public readonly bool Is(string name) => Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    public bool MoveNext()
    {
        _rest = _rest.TrimStart(Separators);
        if (_rest.IsEmpty)
        {
            return false;
        }

        Malformed = false;
        Value = default;
        HasValue = false;
        // A missing comma, or a semicolon in its place, hides none of the names.
        var end = _rest.IndexOfAny(",=; \t");
        Name = TakeUpTo(end < 0 ? _rest.Length : end);
        var afterSpace = _rest.TrimStart(" \t");
        if (!afterSpace.StartsWith("="))
        {
            return true;
        }

        Malformed = afterSpace.Length != _rest.Length;
        HasValue = true;
        _rest = afterSpace[1..];
        ReadValue();
        return true;
    }

    private void ReadValue()
    {
        var trimmed = _rest.TrimStart(" \t");
        Malformed |= trimmed.Length != _rest.Length;
        _rest = trimmed;
        if (_rest.StartsWith("\""))
        {
            var close = ClosingQuote(_rest);
            var after = close > 0 ? _rest[(close + 1)..].TrimStart(" \t") : default;
            if (close > 0 && (after.IsEmpty || after[0] == ','))
            {
                Value = _rest[1..close];
                _rest = after;
                return;
            }
            // A quotation that ends in the middle of a word may be a mistake: the directives after its commas still count.
            Malformed = true;
        }
        Value = TakeUpToComma();
    }

    private ReadOnlySpan<char> TakeUpToComma()
    {
        var comma = _rest.IndexOf(',');
        return TakeUpTo(comma < 0 ? _rest.Length : comma);
    }

    private ReadOnlySpan<char> TakeUpTo(int end)
    {
        var taken = _rest[..end].Trim(" \t");
        _rest = _rest[end..];
        return taken;
    }

    private static int ClosingQuote(ReadOnlySpan<char> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '"')
            {
                return i;
            }
        }
        return -1;
    }
}

/// <summary>RFC 9111 §1.2.2: a non-negative number of seconds; a larger number than 2^31 counts as 2^31.</summary>
internal static class DeltaSeconds
{
    public const long Greatest = 2_147_483_648;

    /// <summary>
    /// Not <c>HeaderUtilities.TryParseNonNegativeInt64</c>, which fails on overflow where the RFC asks for the greatest value:
    /// a response meant to be kept for ever would count as stale, and a very old one as new.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        if (text.IsEmpty)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                seconds = 0;
                return false;
            }
            seconds = Math.Min(Greatest, seconds * 10 + (c - '0'));
        }
        return true;
    }
}
