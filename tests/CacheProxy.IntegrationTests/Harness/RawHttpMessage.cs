using System.Text;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>One request or response as it stood on the wire. Text is Latin-1: one character per byte.</summary>
internal sealed record RawHttpMessage(string Head, string FramedBody)
{
    /// <summary>The message's bytes, head and body with its framing.</summary>
    public string Text => Head + FramedBody;

    public byte[] Bytes => Encoding.Latin1.GetBytes(Text);

    public string StartLine => Head[..Head.IndexOf("\r\n", StringComparison.Ordinal)];

    /// <summary>The field lines in order, each as sent.</summary>
    public IReadOnlyList<string> HeaderLines => SplitLines(Head)[1..];

    public string Method => StartLine.Split(' ')[0];

    /// <summary>The request target exactly as it stands between the first and the last space of the request line.</summary>
    public string Target => StartLine[(StartLine.IndexOf(' ') + 1)..StartLine.LastIndexOf(' ')];

    public int Status => int.Parse(StartLine.AsSpan(9, 3));

    public bool IsChunked => Values("Transfer-Encoding").Any(value => value.Contains("chunked", StringComparison.OrdinalIgnoreCase));

    /// <summary>The content without chunk framing.</summary>
    public string Content => IsChunked ? Unchunk().Content : FramedBody;

    /// <summary>The field lines after the last chunk.</summary>
    public IReadOnlyList<string> Trailers => IsChunked ? SplitLines(Unchunk().TrailerPart) : [];

    /// <summary>The values of all lines with this name, in order, without surrounding white space.</summary>
    public IReadOnlyList<string> Values(string name) =>
        [.. HeaderLines
            .Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            .Select(line => line[(name.Length + 1)..].Trim(' ', '\t'))];

    private (string Content, string TrailerPart) Unchunk()
    {
        var content = new StringBuilder();
        var position = 0;
        while (true)
        {
            var lineEnd = FramedBody.IndexOf("\r\n", position, StringComparison.Ordinal);
            var size = Convert.ToInt32(FramedBody[position..lineEnd].Split(';')[0].Trim(), 16);
            position = lineEnd + 2;
            if (size == 0)
            {
                return (content.ToString(), FramedBody[position..]);
            }

            content.Append(FramedBody, position, size);
            position += size + 2;
        }
    }

    private static string[] SplitLines(string text) => text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
}
