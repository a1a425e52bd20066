using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>A range of bytes that lies within a body: <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
internal readonly record struct ByteRange(long First, long Last)
{
    public long Length => Last - First + 1;

    /// <summary>The Content-Range of a 206 (RFC 9110 §14.4).</summary>
    public string ContentRange(long bodyLength) => $"bytes {First}-{Last}/{bodyLength}";

    /// <summary>The Content-Range of a 416.</summary>
    public static string ContentRangeUnsatisfied(long bodyLength) => $"bytes */{bodyLength}";

    /// <summary>
    /// RFC 9110 §14.2 allows any Range to be ignored: other units, several ranges and malformed ones are.
    /// Not <c>RangeHeaderValue</c>: it fails for a last position beyond 64 bits, which §14.1.2 takes as the end of the body.
    /// </summary>
    public static RangeOutcome Select(StringValues field, long bodyLength, out ByteRange range)
    {
        range = default;
        if (field.Count != 1 || !TryParse(field[0], out var first, out var last))
        {
            return RangeOutcome.Whole;
        }

        if (first is null)
        {
            if (last == 0)
            {
                return RangeOutcome.Unsatisfiable;
            }
            // No range of an empty body can be named, and its suffix is the whole body.
            if (bodyLength == 0)
            {
                return RangeOutcome.Whole;
            }

            range = new ByteRange(Math.Max(0, bodyLength - last!.Value), bodyLength - 1);
            return RangeOutcome.Partial;
        }
        if (first >= bodyLength)
        {
            return RangeOutcome.Unsatisfiable;
        }

        range = new ByteRange(first.Value, Math.Min(last ?? long.MaxValue, bodyLength - 1));
        return RangeOutcome.Partial;
    }

    /// <summary>RFC 9110 §13.1.5: Range applies without If-Range, or when If-Range names exactly this representation.</summary>
    public static bool IsAllowedByIfRange(StringValues field, in Validators stored, long nowMs)
    {
        if (field.Count == 0)
        {
            return true;
        }

        if (field.Count > 1)
        {
            return false;
        }

        var condition = field[0].AsSpan().Trim(" \t");
        if (condition.IndexOf('"') >= 0)
        {
            return stored.ETag is not null && EntityTag.IsSame(condition, stored.ETag.AsSpan().Trim(" \t"));
        }
        // A date is a strong validator only if the response is dated at least a second later (§8.8.2.2).
        return HttpDate.TryParse(condition, nowMs, out var conditionMs)
            && HttpDate.TryParse(stored.LastModified, nowMs, out var modifiedMs)
            && HttpDate.TryParse(stored.Date, nowMs, out var dateMs)
            && conditionMs == modifiedMs && dateMs - modifiedMs >= 1000;
    }

    private static bool TryParse(ReadOnlySpan<char> field, out long? first, out long? last)
    {
        first = last = null;
        field = field.Trim(" \t");
        if (!field.StartsWith("bytes=", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        field = field["bytes=".Length..].Trim(" \t");
        var dash = field.IndexOf('-');
        if (dash < 0 || !TryPosition(field[..dash], out first) || !TryPosition(field[(dash + 1)..], out last))
        {
            return false;
        }

        return (first is not null || last is not null) && (first is null || last is null || first <= last);
    }

    private static bool TryPosition(ReadOnlySpan<char> text, out long? position)
    {
        position = null;
        if (text.IsEmpty)
        {
            return true;
        }

        var value = 0L;
        foreach (var c in text)
        {
            if (!char.IsAsciiDigit(c))
            {
                return false;
            }

            value = value > (long.MaxValue - 9) / 10 ? long.MaxValue : value * 10 + (c - '0');
        }
        position = value;
        return true;
    }
}

/// <summary>How a complete stored body answers a request's Range.</summary>
internal enum RangeOutcome
{
    /// <summary>No range, or one that is ignored: send the whole body.</summary>
    Whole,
    /// <summary>Send 206 with the one range.</summary>
    Partial,
    /// <summary>Send 416.</summary>
    Unsatisfiable,
}
