using System.Buffers;
using System.Globalization;

namespace CacheProxy.Http;

/// <summary>
/// A point in time as APIs write it, as Unix milliseconds: RFC 3339 and its kin (<c>2025-11-24</c>, <c>2025-11-24T04:00:00.5+01:00</c>, a
/// blank for the T, UTC where no offset says otherwise), and <see cref="HttpDate"/>. Nothing in which a day could be taken for a month, and
/// no number, which may count seconds or milliseconds.
/// </summary>
internal static class DateText
{
    private const int DateLength = 10;
    private const int Longest = 40;

    private static readonly SearchValues<char> OfTime = SearchValues.Create("0123456789:.,+-TtZz ");

    /// <param name="text">The text.</param>
    /// <param name="nowMs">For HTTP's dates of two-digit years.</param>
    /// <param name="unixMs">The date, or 0.</param>
    public static bool TryParse(ReadOnlySpan<char> text, long nowMs, out long unixMs)
    {
        unixMs = 0;
        if (!BeginsWithDate(text))
        {
            return HttpDate.TryParse(text, nowMs, out unixMs);
        }

        if (text.Length > Longest || text[DateLength..].ContainsAnyExcept(OfTime)
            || !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date))
        {
            return false;
        }

        unixMs = date.ToUnixTimeMilliseconds();
        return true;
    }

    private static bool BeginsWithDate(ReadOnlySpan<char> text)
    {
        if (text.Length < DateLength || (text.Length > DateLength && text[DateLength] is not ('T' or 't' or ' ')))
        {
            return false;
        }

        for (var i = 0; i < DateLength; i++)
        {
            if (i is 4 or 7 ? text[i] != '-' : !char.IsAsciiDigit(text[i]))
            {
                return false;
            }
        }

        return true;
    }
}
