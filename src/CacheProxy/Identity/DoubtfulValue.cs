namespace CacheProxy.Identity;

/// <summary>Route values that an API may read otherwise than routing does.</summary>
internal static class DoubtfulValue
{
    /// <summary>
    /// The value decoded as often as an API might, from its first unreserved character up to the next that is not: what a number parser
    /// that skips blanks and signs makes of it.
    /// </summary>
    public static string? CertainPart(string? value)
    {
        if (value is null || !value.AsSpan().ContainsAnyExcept(UriCharacters.Unreserved))
        {
            return value;
        }

        var text = LiberalText.Decode(value).AsSpan();
        var start = text.IndexOfAny(UriCharacters.Unreserved);
        text = start < 0 ? default : text[start..];
        var end = text.IndexOfAnyExcept(UriCharacters.Unreserved);
        return (end < 0 ? text : text[..end]).ToString();
    }
}
