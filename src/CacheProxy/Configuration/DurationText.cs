using System.Globalization;

namespace CacheProxy.Configuration;

/// <summary>
/// Durations as operators write them: <c>00:05:00</c>, <c>00:00:00.250</c>, <c>250ms</c>, <c>30s</c>, <c>5m</c>, <c>24h</c>, <c>1d</c>.
/// </summary>
internal static class DurationText
{
    public const string Form = "a duration such as 250ms, 30s, 5m, 24h, 1d or 00:05:00";

    private static readonly (string Unit, double Milliseconds)[] Units =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>Refuses a bare number other than 0: a person who writes 30 means seconds, and TimeSpan would read 30 days.</summary>
    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (text == "0")
        {
            return true;
        }

        return text.Contains(':') ? TryParseClock(text, out duration) : TryParseUnit(text, out duration);
    }

    /// <summary>The shortest form with a unit.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration == TimeSpan.Zero)
        {
            return "0";
        }

        for (var i = Units.Length - 1; i > 0; i--)
        {
            var count = duration.TotalMilliseconds / Units[i].Milliseconds;
            if (count >= 1 && count == Math.Floor(count))
            {
                return count.ToString(CultureInfo.InvariantCulture) + Units[i].Unit;
            }
        }

        return duration.TotalMilliseconds.ToString(CultureInfo.InvariantCulture) + "ms";
    }

    private static bool TryParseUnit(string text, out TimeSpan duration)
    {
        duration = default;
        var digits = text.AsSpan().TrimEnd("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        var unit = text.AsSpan(digits.Length);
        if (!TryParseNumber(digits.TrimEnd(' '), out var number))
        {
            return false;
        }

        foreach (var (name, milliseconds) in Units)
        {
            if (unit.SequenceEqual(name))
            {
                return TryScale(number, milliseconds, out duration);
            }
        }

        return false;
    }

    private static bool TryParseClock(string text, out TimeSpan duration)
    {
        duration = default;
        var parts = text.Split(':');
        if (parts.Length != 3
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !TryParseSixtieth(parts[1], out var minutes) || minutes != Math.Floor(minutes)
            || !TryParseSixtieth(parts[2], out var seconds))
        {
            return false;
        }

        return TryScale(((hours * 60.0) + minutes) * 60.0 + seconds, 1_000, out duration);
    }

    private static bool TryParseSixtieth(string text, out double number) =>
        TryParseNumber(text, out number) && number < 60 && text.Length >= 2 && char.IsAsciiDigit(text[1]);

    private static bool TryParseNumber(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);

    private static bool TryScale(double number, double milliseconds, out TimeSpan duration)
    {
        var ticks = Math.Round(number * milliseconds * TimeSpan.TicksPerMillisecond);
        var fits = ticks < TimeSpan.MaxValue.Ticks;
        duration = fits ? TimeSpan.FromTicks((long)ticks) : default;
        return fits;
    }
}
