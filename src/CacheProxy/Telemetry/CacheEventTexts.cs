namespace CacheProxy.Telemetry;

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
