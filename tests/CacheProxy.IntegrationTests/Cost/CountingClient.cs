using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CacheProxy.IntegrationTests.Cost;

/// <summary>
/// Asks one request after another on one connection and allocates nothing, so that what a batch of requests allocates is the program's.
/// The digits of a target are written over in place.
/// </summary>
internal sealed class CountingClient : IDisposable
{
    private const char Digit = '#';

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _answer = new byte[64 * 1024];
    private readonly byte[] _request;
    private readonly int _digits;
    private readonly int _digitCount;
    private readonly bool _hasBody;

    /// <param name="port">Where the proxy listens.</param>
    /// <param name="request">The request with its headers; a row of <c>#</c> stands for the number of a resource.</param>
    /// <param name="hasBody">Whether the answer has one.</param>
    public CountingClient(int port, string request, bool hasBody)
    {
        _request = Encoding.ASCII.GetBytes(request);
        _digits = request.IndexOf(Digit);
        _digitCount = request.LastIndexOf(Digit) + 1 - _digits;
        _hasBody = hasBody;
        _socket.Connect(IPAddress.Loopback, port);
    }

    /// <summary>The last answer, for a look at it.</summary>
    public string LastAnswer { get => Encoding.ASCII.GetString(_answer.AsSpan(0, Length)); }

    private int Length { get; set; }

    public void Ask(int resource)
    {
        for (var (i, rest) = (_digitCount - 1, resource); i >= 0; i--, rest /= 10)
        {
            _request[_digits + i] = (byte)('0' + (rest % 10));
        }

        _socket.Send(_request);
        Length = 0;
        while (!IsWhole(_answer.AsSpan(0, Length)))
        {
            var received = _socket.Receive(_answer, Length, _answer.Length - Length, SocketFlags.None);
            Length += received > 0 ? received : throw new IOException("The connection was closed: " + LastAnswer);
        }
    }

    public void Dispose() => _socket.Dispose();

    private bool IsWhole(ReadOnlySpan<byte> answer)
    {
        var end = answer.IndexOf("\r\n\r\n"u8);
        if (end < 0 || !_hasBody)
        {
            return end >= 0;
        }

        var length = answer[(answer.IndexOf("Content-Length: "u8) + "Content-Length: ".Length)..];
        return Utf8Parser.TryParse(length, out int body, out _) && answer.Length == end + "\r\n\r\n".Length + body;
    }
}
