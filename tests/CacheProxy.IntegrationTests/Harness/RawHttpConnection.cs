using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>One TCP connection that sends and receives HTTP/1 exactly as the test writes it. Text is Latin-1: one character per byte.</summary>
internal sealed class RawHttpConnection(TcpClient client) : IAsyncDisposable
{
    /// <summary>A test that waits longer than this has hung; nothing is measured by it.</summary>
    private static readonly TimeSpan HangLimit = TimeSpan.FromSeconds(60);

    private readonly NetworkStream _stream = client.GetStream();
    private readonly CancellationTokenSource _hang = new(HangLimit);
    private byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public NetworkStream Stream => _stream;

    public static async Task<RawHttpConnection> OpenAsync(int port)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        return new RawHttpConnection(client);
    }

    public Task WriteAsync(string latin1) => WriteAsync(Encoding.Latin1.GetBytes(latin1));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes, _hang.Token);

    /// <summary>Says that nothing more will be sent, and leaves the other direction open.</summary>
    public void FinishWriting() => client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Closes so that the peer sees a reset, not an end.</summary>
    public void Reset()
    {
        client.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        // Not the client's own Close, whose stream says its orderly end first.
        client.Client.Close();
    }

    /// <summary>Everything up to and including the mark, or up to the end if the peer closed before it.</summary>
    public async Task<string> ReadThroughAsync(string mark)
    {
        var markBytes = Encoding.Latin1.GetBytes(mark);
        while (true)
        {
            var found = _buffer.AsSpan(_start, _end - _start).IndexOf(markBytes);
            if (found >= 0)
            {
                return Take(found + markBytes.Length);
            }

            if (!await FillAsync())
            {
                return Take(_end - _start);
            }
        }
    }

    /// <summary>Exactly so many bytes, fewer only if the peer closed.</summary>
    public async Task<string> ReadAsync(int count)
    {
        while (_end - _start < count && await FillAsync())
        {
        }

        return Take(Math.Min(count, _end - _start));
    }

    /// <summary>Everything until the peer closes or resets the connection.</summary>
    public async Task<string> ReadToEndAsync()
    {
        while (await FillAsync())
        {
        }

        return Take(_end - _start);
    }

    /// <summary>The head of the next message, with its empty line; null when the peer closed before one began.</summary>
    public async Task<string?> ReadHeadAsync()
    {
        var head = await ReadThroughAsync("\r\n\r\n");
        return head.Length == 0 ? null : head;
    }

    /// <summary>The next response, whose framing depends on the request's method. Interim responses are given one by one.</summary>
    public async Task<RawHttpMessage> ReadResponseAsync(string method = "GET")
    {
        var head = await ReadHeadAsync() ?? throw new EndOfStreamException("The connection closed before a response.");
        var response = new RawHttpMessage(head, "");
        var hasBody = method != "HEAD" && response.Status is >= 200 and not 204 and not 304;
        return hasBody ? response with { FramedBody = await ReadBodyAsync(response, untilClose: true) } : response;
    }

    /// <summary>The body that the message's own header announces, with its framing.</summary>
    public async Task<string> ReadBodyAsync(RawHttpMessage message, bool untilClose)
    {
        if (message.IsChunked)
        {
            return await ReadChunksAsync();
        }

        var lengths = message.Values("Content-Length");
        if (lengths.Count > 0)
        {
            return await ReadAsync(int.Parse(lengths[0]));
        }

        return untilClose ? await ReadToEndAsync() : "";
    }

    public ValueTask DisposeAsync()
    {
        client.Dispose();
        _hang.Dispose();
        return default;
    }

    private async Task<string> ReadChunksAsync()
    {
        var body = new StringBuilder();
        while (true)
        {
            var sizeLine = await ReadThroughAsync("\r\n");
            body.Append(sizeLine);
            if (sizeLine.Length == 0)
            {
                return body.ToString();
            }

            var size = Convert.ToInt32(sizeLine.Split(';')[0].Trim(), 16);
            if (size > 0)
            {
                body.Append(await ReadAsync(size + 2));
                continue;
            }

            string trailerLine;
            do
            {
                trailerLine = await ReadThroughAsync("\r\n");
                body.Append(trailerLine);
            }
            while (trailerLine.Length > 2);
            return body.ToString();
        }
    }

    private string Take(int count)
    {
        var text = Encoding.Latin1.GetString(_buffer, _start, count);
        _start += count;
        return text;
    }

    private async Task<bool> FillAsync()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            _end -= _start;
            _start = 0;
        }

        if (_end == _buffer.Length)
        {
            Array.Resize(ref _buffer, _buffer.Length * 2);
        }

        try
        {
            var read = await _stream.ReadAsync(_buffer.AsMemory(_end), _hang.Token);
            _end += read;
            return read > 0;
        }
        catch (IOException)
        {
            // A reset ends the conversation as a close does; what came before it has been kept.
            return false;
        }
    }
}
