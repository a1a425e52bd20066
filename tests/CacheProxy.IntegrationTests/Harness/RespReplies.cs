using System.Buffers.Text;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>What comes from Redis on a connection, RESP2 or RESP3, taken apart by hand: where a reply ends, and which ones are messages.</summary>
internal static class RespReplies
{
    // In RESP2 a message is a list as a reply is, but on a connection that asks for nothing else.
    private static readonly byte[][] Published =
    [
        .. new[] { "3\r\n$7\r\nmessage\r\n", "3\r\n$8\r\nsmessage\r\n", "4\r\n$8\r\npmessage\r\n" }
            .SelectMany(static start => new[] { "*" + start, ">" + start })
            .Select(System.Text.Encoding.ASCII.GetBytes),
    ];

    /// <summary>How long the first reply is, with all that is in it; 0 while its end has not come yet.</summary>
    public static int Measure(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        for (var left = 1L; left > 0; left--)
        {
            var end = at < bytes.Length ? bytes[at..].IndexOf("\r\n"u8) : -1;
            if (end < 0)
            {
                return 0;
            }

            var number = end > 1 && Utf8Parser.TryParse(bytes[(at + 1)..(at + end)], out long parsed, out _) ? Math.Max(parsed, -1) : -1;
            var kind = (char)bytes[at];
            at += end + 2;
            switch (kind)
            {
                case '$' or '!' or '=' when number >= 0:
                    if (bytes.Length - at < number + 2)
                    {
                        return 0;
                    }

                    at += (int)number + 2;
                    break;
                case '*' or '~' or '>':
                    left += Math.Max(number, 0);
                    break;
                case '%':
                    left += 2 * Math.Max(number, 0);
                    break;
                case '|':
                    // Attributes come before the reply that they are of.
                    left += (2 * Math.Max(number, 0)) + 1;
                    break;
            }
        }

        return at;
    }

    /// <summary>Whether the reply is nobody's: somebody has published it.</summary>
    public static bool IsPublished(ReadOnlySpan<byte> reply)
    {
        foreach (var start in Published)
        {
            if (reply.StartsWith(start))
            {
                return true;
            }
        }

        return false;
    }
}
