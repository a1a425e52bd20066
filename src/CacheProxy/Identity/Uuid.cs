namespace CacheProxy.Identity;

/// <summary>
/// Values in the form of a UUID. They are the same in upper and lower case (RFC 9562 §4), and clients differ in which they write: a
/// write by one spelling has to evict what was read by the other.
/// </summary>
internal static class Uuid
{
    private const int Length = 36;

    public static bool IsOne(ReadOnlySpan<char> text)
    {
        if (text.Length != Length)
        {
            return false;
        }

        for (var i = 0; i < Length; i++)
        {
            var isOne = i is 8 or 13 or 18 or 23 ? text[i] == '-' : char.IsAsciiHexDigit(text[i]);
            if (!isOne)
            {
                return false;
            }
        }

        return true;
    }
}
