using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CacheProxy.Bench.Load.Traffic;

/// <summary>A client's connection, HTTP/1.1, one request at a time. Nothing on it waits.</summary>
internal sealed class Connection : IDisposable
{
    private readonly int _port;
    private readonly byte[] _out = new byte[1024];
    private byte[] _in = new byte[16 * 1024];
    private Socket _socket;
    private int _filled;
    private int _headLength;
    private int _bodyLength;

    public Connection(int instance, int port)
    {
        Instance = instance;
        _port = port;
        _socket = Open(port);
    }

    public int Instance { get; }

    public int Descriptor => (int)_socket.Handle;

    public Ask Ask { get; private set; }

    /// <summary>When the request was due, which is when its latency begins; sent later, it waited in the client.</summary>
    public long Due { get; private set; }

    public bool Busy { get; private set; }

    public int Status { get; private set; }

    public ReadOnlySpan<byte> Body => _in.AsSpan(_headLength, _bodyLength);

    public void Send(in Ask ask, long due)
    {
        (Ask, Due, Busy, _filled, _headLength) = (ask, due, true, 0, 0);
        var length = ask.Write(_out);
        if (_socket.Send(_out.AsSpan(0, length), SocketFlags.None, out var error) != length)
        {
            throw new BenchFailure($"{ask} could not be sent: {error}");
        }
    }

    /// <summary>Reads what has arrived. True when the answer is complete.</summary>
    public bool Receive()
    {
        var count = _socket.Receive(_in.AsSpan(_filled), SocketFlags.None, out var error);
        if (error == SocketError.WouldBlock)
        {
            return false;
        }

        if (count == 0)
        {
            if (Busy)
            {
                throw new BenchFailure($"The connection ended before the answer to {Ask}: {error}");
            }

            // Idle for longer than the server likes.
            _socket.Dispose();
            _socket = Open(_port);
            return false;
        }

        _filled += count;
        if (_headLength == 0 && !ReadHead())
        {
            return false;
        }

        if (_filled < _headLength + _bodyLength)
        {
            return false;
        }

        Busy = false;
        return _filled == _headLength + _bodyLength ? true : throw new BenchFailure($"More bytes than Content-Length says in the answer to {Ask}");
    }

    public void Dispose() => _socket.Dispose();

    private static Socket Open(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect(IPAddress.Loopback, port);
        socket.Blocking = false;
        return socket;
    }

    private bool ReadHead()
    {
        var head = _in.AsSpan(0, _filled);
        var end = head.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        Utf8Parser.TryParse(head["HTTP/1.1 ".Length..], out int status, out _);
        Status = status;
        _headLength = end + 4;
        _bodyLength = ContentLength(head[..end]);
        if (_in.Length < _headLength + _bodyLength)
        {
            Array.Resize(ref _in, _headLength + _bodyLength);
        }

        return true;
    }

    private int ContentLength(ReadOnlySpan<byte> head)
    {
        while (true)
        {
            var end = head.IndexOf((byte)'\n');
            if (end < 0 && head.IsEmpty)
            {
                throw new BenchFailure($"No Content-Length in the answer to {Ask}, status {Status}");
            }

            var line = end < 0 ? head : head[..end];
            if (line.Length > 16 && Ascii.EqualsIgnoreCase(line[..15], "Content-Length:"u8))
            {
                Utf8Parser.TryParse(line[15..].TrimStart((byte)' '), out int length, out _);
                return length;
            }

            head = end < 0 ? [] : head[(end + 1)..];
        }
    }
}
