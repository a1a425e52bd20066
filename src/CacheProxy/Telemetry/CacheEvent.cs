using System.Collections;

namespace CacheProxy.Telemetry;

/// <summary>The state of one log event: its own list of properties, so that no formatter touches the names.</summary>
internal readonly struct CacheEvent(string text, string idName, string? tenantId, string? id) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 3;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("tenantId", tenantId),
        1 => new(idName, id),
        2 => new("{OriginalFormat}", text),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => text;
}
