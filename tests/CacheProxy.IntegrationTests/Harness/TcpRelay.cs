using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>
/// A way to a server of this machine, for one of its clients, that the test can cut. Where the server is a Redis, the way can also lose what is
/// published to the client, or bring it late, while all else passes.
/// </summary>
internal sealed class TcpRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, bool> _open = [];
    private readonly int _target;
    private readonly Task _accepting;
    private readonly Func<int>? _messages;
    private volatile bool _isCut;

    private TcpRelay(int target, Func<int>? messages)
    {
        _target = target;
        _messages = messages;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>For <c>CacheProxy:Redis:ConnectionString</c>.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <param name="port">The server's.</param>
    /// <param name="messages">
    /// Asked for each message that is published to the client: how many milliseconds it is late, or another of the fates that
    /// <see cref="RelayedMessages"/> knows.
    /// </param>
    public static TcpRelay To(int port, Func<int>? messages = null) => new(port, messages);

    /// <summary>Ends every connection, and every new one at once.</summary>
    public void Cut()
    {
        _isCut = true;
        foreach (var socket in _open.Keys)
        {
            socket.Dispose();
        }
    }

    public void Restore() => _isCut = false;

    public async ValueTask DisposeAsync()
    {
        Cut();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener was stopped: the relay's end.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            _open[client] = _open[server] = true;
            try
            {
                if (!_isCut)
                {
                    await server.ConnectAsync(IPAddress.Loopback, _target);
                    await Task.WhenAny(
                        CopyAsync(client, server), _messages is null ? CopyAsync(server, client) : new RelayedMessages(_messages).CopyAsync(server, client));
                }
            }
            catch (SocketException)
            {
                // Nobody listens there: the client's connection ends, as it would without the relay.
            }
            finally
            {
                _open.TryRemove(client, out _);
                _open.TryRemove(server, out _);
            }
        }
    }

    private static async Task CopyAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // Either side is gone, or the test cut the way: the other side learns it.
        }
    }
}
