using System.Collections;

namespace CacheProxy.Telemetry;

/// <summary>
/// The Debug events of caching, with the properties <c>tenantId</c> and <c>POLICYId</c>. The names depend on the policy, which the
/// logging source generator cannot express; this is the only log call written by hand.
/// </summary>
internal sealed class CacheEventLog(ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger(typeof(CacheEventLog).FullName!);

    /// <summary>Whether anybody reads them.</summary>
    public bool AreWritten => _logger.IsEnabled(LogLevel.Debug);

    public void Hit(CacheEventTexts texts, string? tenantId, string? id) => Write(texts.Hit, texts.IdName, tenantId, id);

    public void Cached(CacheEventTexts texts, string? tenantId, string? id) => Write(texts.Cached, texts.IdName, tenantId, id);

    public void Invalidated(CacheEventTexts texts, string? tenantId, string? id) => Write(texts.Invalidated, texts.IdName, tenantId, id);

    private void Write(string text, string idName, string? tenantId, string? id)
    {
        if (AreWritten)
        {
            _logger.Log(LogLevel.Debug, default, new CacheEvent(text, idName, tenantId, id), null, static (state, _) => state.ToString());
        }
    }

    /// <summary>The state of one event. It lists its properties itself, so that no formatter changes their names.</summary>
    private readonly struct CacheEvent(string text, string idName, string? tenantId, string? id) : IReadOnlyList<KeyValuePair<string, object?>>
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
}

/// <summary>
/// The texts of one policy's log events, made once: <c>Customer cache hit</c> and <c>customerId</c> of the policy <c>customer</c>.
/// </summary>
internal sealed class CacheEventTexts
{
    public CacheEventTexts(string policyName)
    {
        var words = policyName.Split(['-', '_'], StringSplitOptions.RemoveEmptyEntries);
        var title = char.ToUpperInvariant(policyName[0]) + policyName[1..];
        Hit = $"{title} cache hit";
        Cached = $"{title} cached";
        Invalidated = $"{title} cache invalidated";
        IdName = string.Concat(words.Select(static (word, index) =>
            (index == 0 ? char.ToLowerInvariant(word[0]) : char.ToUpperInvariant(word[0])) + word[1..])) + "Id";
    }

    public string Hit { get; }

    public string Cached { get; }

    public string Invalidated { get; }

    /// <summary>The property that holds the resource's id.</summary>
    public string IdName { get; }
}
