using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>The headers of a response that is arriving or of one that is stored: the rules are the same.</summary>
internal readonly struct ResponseHeaders
{
    private readonly IHeaderDictionary? _live;
    private readonly HeaderField[]? _stored;

    public ResponseHeaders(IHeaderDictionary live) => _live = live;

    public ResponseHeaders(HeaderField[] stored) => _stored = stored;

    public StringValues this[string name] => _live is null ? InStored(name) : _live[name];

    public bool Contains(string name) => this[name].Count > 0;

    /// <summary>The first line of the field; null when the field is absent.</summary>
    public string? First(string name)
    {
        var lines = this[name];
        return lines.Count == 0 ? null : lines[0] ?? "";
    }

    private StringValues InStored(string name)
    {
        var found = default(StringValues);
        foreach (var field in _stored ?? [])
        {
            if (field.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                found = found.Count == 0 ? field.Value : StringValues.Concat(in found, field.Value);
            }
        }
        return found;
    }
}

/// <summary>One header line of a stored response. A name that was repeated is repeated, in the order received.</summary>
internal readonly record struct HeaderField(string Name, string Value);
