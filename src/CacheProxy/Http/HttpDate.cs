namespace CacheProxy.Http;

/// <summary>
/// Dates in the three forms of RFC 9110 §5.6.7, in any case (RFC 9111 §4.2), as Unix milliseconds. Not
/// <c>HeaderUtilities.TryParseDate</c>: it accepts dates in UTC, without a comma or with two-digit years, which are invalid
/// for freshness (§4.2), and it refuses a date whose weekday is wrong, which harms nobody.
/// </summary>
internal static class HttpDate
{
    private const string Months = "JanFebMarAprMayJunJulAugSepOctNovDec";

    /// <param name="text">One field value.</param>
    /// <param name="nowMs">Decides the century of a two-digit year: more than 50 years ahead is in the past (§5.6.7).</param>
    /// <param name="unixMs">The date, or 0.</param>
    public static bool TryParse(ReadOnlySpan<char> text, long nowMs, out long unixMs)
    {
        text = text.Trim(" \t");
        var comma = text.IndexOf(',');
        unixMs = 0;
        if (comma < 0)
        {
            return TryParseAsctime(text, ref unixMs);
        }

        return comma == 3 ? TryParseImfFixdate(text, ref unixMs) : TryParseRfc850(text, comma, nowMs, ref unixMs);
    }

    /// <summary>Sun, 06 Nov 1994 08:49:37 GMT</summary>
    private static bool TryParseImfFixdate(ReadOnlySpan<char> text, ref long unixMs) =>
        text.Length == 29 && IsName(text[..3]) && text[4] == ' ' && text[7] == ' ' && text[11] == ' ' && text[16] == ' '
        && EndsInGmt(text)
        && TryNumber(text.Slice(5, 2), out var day) && TryMonth(text.Slice(8, 3), out var month)
        && TryNumber(text.Slice(12, 4), out var year)
        && TryCombine(year, month, day, text.Slice(17, 8), ref unixMs);

    /// <summary>Sunday, 06-Nov-94 08:49:37 GMT</summary>
    private static bool TryParseRfc850(ReadOnlySpan<char> text, int comma, long nowMs, ref long unixMs)
    {
        if (comma is < 6 or > 9 || text.Length != comma + 24 || !IsName(text[..comma]) || !EndsInGmt(text))
        {
            return false;
        }

        var date = text[(comma + 1)..];
        if (date[0] != ' ' || date[3] != '-' || date[7] != '-' || date[10] != ' ')
        {
            return false;
        }

        if (!TryNumber(date.Slice(1, 2), out var day) || !TryMonth(date.Slice(4, 3), out var month)
            || !TryNumber(date.Slice(8, 2), out var year))
        {
            return false;
        }

        var thisYear = DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(nowMs, 0, 200_000_000_000_000)).Year;
        year += thisYear / 100 * 100;
        if (year > thisYear + 50)
        {
            year -= 100;
        }
        else if (year <= thisYear - 50)
        {
            year += 100;
        }

        return TryCombine(year, month, day, date.Slice(11, 8), ref unixMs);
    }

    /// <summary>Sun Nov  6 08:49:37 1994</summary>
    private static bool TryParseAsctime(ReadOnlySpan<char> text, ref long unixMs) =>
        text.Length == 24 && IsName(text[..3]) && text[3] == ' ' && text[7] == ' ' && text[10] == ' ' && text[19] == ' '
        && TryMonth(text.Slice(4, 3), out var month)
        && TryNumber(text[8] == ' ' ? text.Slice(9, 1) : text.Slice(8, 2), out var day)
        && TryNumber(text.Slice(20, 4), out var year)
        && TryCombine(year, month, day, text.Slice(11, 8), ref unixMs);

    private static bool TryCombine(int year, int month, int day, ReadOnlySpan<char> time, ref long unixMs)
    {
        if (time[2] != ':' || time[5] != ':' || !TryNumber(time[..2], out var hour)
            || !TryNumber(time.Slice(3, 2), out var minute) || !TryNumber(time.Slice(6, 2), out var second))
        {
            return false;
        }

        // 60 is a leap second, which Unix time does not count.
        if (year is < 1 or > 9999 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }

        var midnight = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
        unixMs = (long)(midnight - DateTime.UnixEpoch).TotalMilliseconds + ((hour * 60L + minute) * 60 + second) * 1000;
        return true;
    }

    private static bool EndsInGmt(ReadOnlySpan<char> text) => text.EndsWith(" GMT", StringComparison.OrdinalIgnoreCase);

    private static bool IsName(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetter(c))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, out int number)
    {
        number = 0;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            number = number * 10 + (c - '0');
        }

        return true;
    }

    private static bool TryMonth(ReadOnlySpan<char> text, out int month)
    {
        for (month = 1; month <= 12; month++)
        {
            if (text.Equals(Months.AsSpan((month - 1) * 3, 3), StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
