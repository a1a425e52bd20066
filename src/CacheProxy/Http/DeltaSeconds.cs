namespace CacheProxy.Http;

/// <summary>RFC 9111 §1.2.2: a non-negative number of seconds; what is too large counts as 2^31.</summary>
internal static class DeltaSeconds
{
    public const long Greatest = 2_147_483_648;

    /// <summary>
    /// Not <c>HeaderUtilities.TryParseNonNegativeInt64</c>, which fails on overflow where the RFC asks for the greatest value:
    /// a response that is to be kept for ever would count as stale, and a very old one as new.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        if (text.IsEmpty)
        {
            return false;
        }

        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                seconds = 0;
                return false;
            }

            seconds = Math.Min(Greatest, seconds * 10 + (c - '0'));
        }

        return true;
    }
}
