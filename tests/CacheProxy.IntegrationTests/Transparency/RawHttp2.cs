using System.Text;
using CacheProxy.IntegrationTests.Harness;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>Writes one HTTP/2 request frame by frame (RFC 9113), with what no HTTP library sends.</summary>
internal static class RawHttp2
{
    private const string Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private const char Data = '\0';
    private const char Headers = '\u0001';
    private const char Settings = '\u0004';
    private const char EndStream = '\u0001';
    private const char EndHeaders = '\u0004';
    private const int FrameHeadLength = 9;

    /// <summary>POST with content and trailers; returns when the response has ended.</summary>
    public static async Task PostAsync(int port, string content, params (string Name, string Value)[] trailers)
    {
        await using var connection = await RawHttpConnection.OpenAsync(port);
        await connection.WriteAsync(
            Preface
            + Frame(Settings, '\0', stream: 0, "")
            + Frame(Headers, EndHeaders, stream: 1, Fields((":method", "POST"), (":scheme", "http"), (":authority", "x"), (":path", "/x")))
            + Frame(Data, '\0', stream: 1, content)
            + Frame(Headers, (char)(EndHeaders | EndStream), stream: 1, Fields(trailers)));

        while (await connection.ReadAsync(FrameHeadLength) is { Length: FrameHeadLength } head)
        {
            await connection.ReadAsync((head[0] << 16) | (head[1] << 8) | head[2]);
            if (head[3] is Data or Headers && (head[4] & EndStream) != 0)
            {
                return;
            }
        }

        throw new EndOfStreamException("The connection closed before the response's end.");
    }

    private static string Frame(char type, char flags, int stream, string payload) =>
        $"\0{(char)(payload.Length >> 8)}{(char)(payload.Length & 0xff)}{type}{flags}\0\0\0{(char)stream}{payload}";

    // Literal fields with new names, in no table (RFC 7541, 6.2.2); shorter than 127 bytes each.
    private static string Fields(params (string Name, string Value)[] fields)
    {
        var block = new StringBuilder();
        foreach (var (name, value) in fields)
        {
            block.Append('\0').Append((char)name.Length).Append(name).Append((char)value.Length).Append(value);
        }

        return block.ToString();
    }
}
