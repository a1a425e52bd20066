namespace CacheProxy.Keys;

/// <summary>Route values that an API may read otherwise than routing does.</summary>
internal static class DoubtfulValue
{
    // Encoding upon encoding upon encoding is no API's habit.
    private const int MaxDecodings = 3;

    /// <summary>The value decoded as often as an API might, up to its first character that is not unreserved.</summary>
    public static string? CertainStart(string? value)
    {
        if (value is null || !value.AsSpan().ContainsAnyExcept(UriCharacters.Unreserved))
        {
            return value;
        }

        for (var i = 0; i < MaxDecodings && value.Contains('%'); i++)
        {
            value = Uri.UnescapeDataString(value);
        }

        value = value.TrimStart();
        var end = value.AsSpan().IndexOfAnyExcept(UriCharacters.Unreserved);
        return end < 0 ? value : value[..end];
    }
}
