using System.Buffers;

namespace CacheProxy.Http;

/// <summary>One value of a structured field as it is in the text, with its quotes.</summary>
internal readonly ref struct StructuredItem(StructuredItemKind kind, ReadOnlySpan<char> raw)
{
    public StructuredItemKind Kind { get; } = kind;

    public ReadOnlySpan<char> Raw { get; } = raw;
}

/// <summary>The kinds of values a structured field holds (RFC 8941 §3).</summary>
internal enum StructuredItemKind
{
    Boolean,
    Integer,
    Decimal,
    String,
    Token,
    ByteSequence,
    InnerList,
}

/// <summary>The parsing steps of RFC 8941 §4.2.3 over the rest of a field's text.</summary>
internal ref struct StructuredItemReader(ReadOnlySpan<char> text)
{
    private const string LowerCase = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";
    private const string Letters = LowerCase + "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create(LowerCase + Digits + "_-.*");
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create(Letters + Digits + "!#$%&'*+-.^_`|~:/");
    private static readonly SearchValues<char> Base64Characters = SearchValues.Create(Letters + Digits + "+/=");

    private ReadOnlySpan<char> _rest = text;

    public readonly bool AtEnd => _rest.IsEmpty;

    public void SkipOptionalWhiteSpace() => _rest = _rest.TrimStart(" \t");

    public bool TryTake(char expected)
    {
        if (_rest.IsEmpty || _rest[0] != expected)
        {
            return false;
        }

        _rest = _rest[1..];
        return true;
    }

    public bool TryReadKey(out ReadOnlySpan<char> key)
    {
        key = default;
        if (_rest.IsEmpty || !(char.IsAsciiLetterLower(_rest[0]) || _rest[0] == '*'))
        {
            return false;
        }

        key = Take(_rest.IndexOfAnyExcept(KeyCharacters));
        return true;
    }

    public bool TryReadItemOrInnerList(out StructuredItem item) =>
        !_rest.IsEmpty && _rest[0] == '(' ? TryReadInnerList(out item) : TryReadItem(out item);

    public bool TrySkipParameters()
    {
        while (TryTake(';'))
        {
            _rest = _rest.TrimStart(' ');
            if (!TryReadKey(out _))
            {
                return false;
            }

            if (TryTake('=') && !TryReadItem(out _))
            {
                return false;
            }
        }
        return true;
    }

    private bool TryReadInnerList(out StructuredItem list)
    {
        var whole = _rest;
        list = default;
        _rest = _rest[1..];
        while (true)
        {
            var before = _rest.Length;
            _rest = _rest.TrimStart(' ');
            if (TryTake(')'))
            {
                list = new StructuredItem(StructuredItemKind.InnerList, whole[..^_rest.Length]);
                return true;
            }
            // Members are separated by spaces.
            if (before == _rest.Length && before != whole.Length - 1)
            {
                return false;
            }

            if (!TryReadItem(out _) || !TrySkipParameters())
            {
                return false;
            }
        }
    }

    private bool TryReadItem(out StructuredItem item)
    {
        item = default;
        if (_rest.IsEmpty)
        {
            return false;
        }

        return _rest[0] switch
        {
            '"' => TryReadString(out item),
            ':' => TryReadBytes(out item),
            '?' => TryReadBoolean(out item),
            '-' or (>= '0' and <= '9') => TryReadNumber(out item),
            '*' => TryReadToken(out item),
            var c when char.IsAsciiLetter(c) => TryReadToken(out item),
            _ => false,
        };
    }

    private bool TryReadToken(out StructuredItem item)
    {
        item = new StructuredItem(StructuredItemKind.Token, Take(_rest.IndexOfAnyExcept(TokenCharacters)));
        return true;
    }

    private bool TryReadBoolean(out StructuredItem item)
    {
        item = default;
        if (_rest.Length < 2 || _rest[1] is not ('0' or '1'))
        {
            return false;
        }

        item = new StructuredItem(StructuredItemKind.Boolean, Take(2));
        return true;
    }

    private bool TryReadBytes(out StructuredItem item)
    {
        item = default;
        var close = _rest[1..].IndexOf(':');
        if (close < 0 || _rest.Slice(1, close).ContainsAnyExcept(Base64Characters))
        {
            return false;
        }

        item = new StructuredItem(StructuredItemKind.ByteSequence, Take(close + 2));
        return true;
    }

    private bool TryReadString(out StructuredItem item)
    {
        item = default;
        for (var i = 1; i < _rest.Length; i++)
        {
            if (_rest[i] is < ' ' or > '~')
            {
                return false;
            }

            if (_rest[i] == '"')
            {
                item = new StructuredItem(StructuredItemKind.String, Take(i + 1));
                return true;
            }
            if (_rest[i] == '\\' && (++i == _rest.Length || _rest[i] is not ('"' or '\\')))
            {
                return false;
            }
        }
        return false;
    }

    private bool TryReadNumber(out StructuredItem item)
    {
        item = default;
        var start = _rest[0] == '-' ? 1 : 0;
        var whole = CountDigits(_rest[start..]);
        var end = start + whole;
        if (whole == 0)
        {
            return false;
        }

        if (end == _rest.Length || _rest[end] != '.')
        {
            if (whole > 15)
            {
                return false;
            }

            item = new StructuredItem(StructuredItemKind.Integer, Take(end));
            return true;
        }
        var fraction = CountDigits(_rest[(end + 1)..]);
        if (whole > 12 || fraction is 0 or > 3)
        {
            return false;
        }

        item = new StructuredItem(StructuredItemKind.Decimal, Take(end + 1 + fraction));
        return true;
    }

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        var end = text.IndexOfAnyExceptInRange('0', '9');
        return end < 0 ? text.Length : end;
    }

    private ReadOnlySpan<char> Take(int length)
    {
        var taken = length < 0 ? _rest : _rest[..length];
        _rest = _rest[taken.Length..];
        return taken;
    }
}
