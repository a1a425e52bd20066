namespace CacheProxy.Http;

/// <summary>Walks the members of a comma-separated list of field names without allocating; empty members are skipped (RFC 9110 §5.6.1.2).</summary>
internal ref struct FieldNameList(ReadOnlySpan<char> list)
{
    private ReadOnlySpan<char> _rest = list;

    public ReadOnlySpan<char> Current { get; private set; }

    public bool MoveNext()
    {
        _rest = _rest.TrimStart(" \t,");
        if (_rest.IsEmpty)
        {
            return false;
        }

        var comma = _rest.IndexOf(',');
        Current = (comma < 0 ? _rest : _rest[..comma]).TrimEnd(" \t");
        _rest = comma < 0 ? default : _rest[comma..];
        return true;
    }

    public static bool Contains(ReadOnlySpan<char> list, ReadOnlySpan<char> name)
    {
        for (var names = new FieldNameList(list); names.MoveNext();)
        {
            if (names.Current.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
