namespace Demo.Walking;

/// <summary>What CacheProxy says about a response in Cache-Status (RFC 9211).</summary>
internal sealed record CacheAnswer(string Text)
{
    private const string CacheName = "cacheproxy";

    private static readonly string[] Misses = ["uri-miss", "vary-miss", "miss"];

    public static readonly CacheAnswer None = new("");

    /// <summary>Answered from the cache.</summary>
    public bool IsHit => Parameters().Any(parameter => parameter == "hit");

    /// <summary>Looked up, not found, and asked from the API.</summary>
    public bool IsMiss => Misses.Any(miss => Parameters().Contains($"fwd={miss}"));

    /// <summary>The header lists the caches on the way, each with its parameters; one is CacheProxy.</summary>
    public static CacheAnswer Read(IEnumerable<string> headerValues)
    {
        var members = headerValues.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries));
        var own = members.FirstOrDefault(member => NameOf(member).Equals(CacheName, StringComparison.OrdinalIgnoreCase));
        return own is null ? None : new CacheAnswer(own);
    }

    private static string NameOf(string member) => member.Split(';', 2)[0].Trim().Trim('"');

    private IEnumerable<string> Parameters() => Text.Split(';', StringSplitOptions.TrimEntries).Skip(1);
}
