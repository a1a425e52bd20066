using System.Buffers;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>The headers of a response that is arriving or of one that is stored: the rules are the same.</summary>
internal readonly struct ResponseHeaders
{
    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~");

    private static readonly SearchValues<char> ControlCharacters = SearchValues.Create(
        [.. Enumerable.Range(0, ' ').Append(127).Where(static code => code != '\t').Select(static code => (char)code)]);

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

    /// <summary>
    /// Whether every line can be sent: a name that is a token (RFC 9110 §5.1), and no control character but the tab in the value
    /// (§5.5). This server refuses others when they are set.
    /// </summary>
    public bool AreWellFormed()
    {
        foreach (var field in _stored ?? [])
        {
            if (!IsWellFormed(field.Name, field.Value))
            {
                return false;
            }
        }

        if (_live is not null)
        {
            foreach (var (name, values) in _live)
            {
                for (var i = 0; i < values.Count; i++)
                {
                    if (!IsWellFormed(name, values[i]))
                    {
                        return false;
                    }
                }
            }
        }

        return true;
    }

    private static bool IsWellFormed(string name, ReadOnlySpan<char> value) =>
        name.Length > 0 && !name.AsSpan().ContainsAnyExcept(TokenCharacters) && !value.ContainsAny(ControlCharacters);

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
