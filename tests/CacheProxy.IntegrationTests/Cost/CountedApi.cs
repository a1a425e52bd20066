using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CacheProxy.IntegrationTests.Cost;

/// <summary>An API that gives one answer to everything and allocates nothing while it does.</summary>
internal sealed class CountedApi : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly byte[] _answer;

    public CountedApi(string answer)
    {
        _answer = Encoding.ASCII.GetBytes(answer);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        StartThread(Accept);
    }

    public string Address => $"http://{_listener.LocalEndPoint}/";

    public void Dispose() => _listener.Dispose();

    private static void StartThread(ThreadStart run) => new Thread(run) { IsBackground = true }.Start();

    private void Accept()
    {
        try
        {
            while (true)
            {
                var connection = _listener.Accept();
                StartThread(() => Answer(connection));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private void Answer(Socket connection)
    {
        using var _ = connection;
        connection.NoDelay = true;
        var request = new byte[16 * 1024];
        var length = 0;
        try
        {
            for (var received = -1; received != 0;)
            {
                received = connection.Receive(request, length, request.Length - length, SocketFlags.None);
                length += received;
                if (request.AsSpan(0, length).EndsWith("\r\n\r\n"u8))
                {
                    connection.Send(_answer);
                    length = 0;
                }
            }
        }
        catch (SocketException)
        {
            // The program is gone.
        }
    }
}
