namespace CacheProxy.Http;

/// <summary>Walks a canonical list of <see cref="VaryNames"/>; names in common use come without a new string.</summary>
internal ref struct VaryNamesEnumerator(string names)
{
    private FieldNameList _list = new(names);

    public readonly string Current => VaryNames.ToName(_list.Current);

    public readonly VaryNamesEnumerator GetEnumerator() => this;

    public bool MoveNext() => _list.MoveNext();
}
