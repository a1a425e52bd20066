namespace CacheProxy.Http;

/// <summary>
/// Reads a dictionary of structured fields (RFC 8941 §3.2 and §4.2.2) member by member, without allocating. After the last
/// member, <see cref="Failed"/> says whether the field was malformed: one error makes all of it invalid (§4.2).
/// </summary>
internal ref struct StructuredDictionaryReader(ReadOnlySpan<char> line)
{
    private StructuredItemReader _items = new(line.Trim(' '));
    private bool _first = true;

    public bool Failed { get; private set; }

    public ReadOnlySpan<char> Key { get; private set; }

    public StructuredItem Item { get; private set; }

    public readonly bool IsTrue => Item.Kind == StructuredItemKind.Boolean && Item.Raw is "?1";

    public readonly bool IsFalse => Item.Kind == StructuredItemKind.Boolean && Item.Raw is "?0";

    /// <summary>The content of a string or token; null for anything else, such as an inner list.</summary>
    public readonly string? Text =>
        Item.Kind is StructuredItemKind.String or StructuredItemKind.Token ? Item.Raw.Trim('"').ToString() : null;

    /// <summary>An integer as delta-seconds: negative is zero, too large is <see cref="DeltaSeconds.Greatest"/>.</summary>
    public readonly bool TryGetSeconds(out long seconds)
    {
        seconds = 0;
        if (Item.Kind != StructuredItemKind.Integer)
        {
            return false;
        }

        if (!Item.Raw.StartsWith("-"))
        {
            DeltaSeconds.TryParse(Item.Raw, out seconds);
        }

        return true;
    }

    public bool MoveNext()
    {
        if (Failed || !SkipToMember())
        {
            return false;
        }

        if (!_items.TryReadKey(out var key))
        {
            return Fail();
        }

        Key = key;
        if (!_items.TryTake('='))
        {
            Item = new StructuredItem(StructuredItemKind.Boolean, "?1");
        }
        else
        {
            var isRead = _items.TryReadItemOrInnerList(out var item);
            Item = item;
            if (!isRead)
            {
                return Fail();
            }
        }
        return _items.TrySkipParameters() || Fail();
    }

    private bool SkipToMember()
    {
        if (_first)
        {
            _first = false;
            return !_items.AtEnd;
        }
        _items.SkipOptionalWhiteSpace();
        if (_items.AtEnd)
        {
            return false;
        }

        if (!_items.TryTake(','))
        {
            return Fail();
        }

        _items.SkipOptionalWhiteSpace();
        return !_items.AtEnd || Fail();
    }

    private bool Fail()
    {
        Failed = true;
        return false;
    }
}
