using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>An API on a bare socket: it records the bytes of each request and answers with the bytes that the test wrote.</summary>
internal sealed class RawUpstream : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Func<RawUpstreamExchange, Task> _handler;
    private readonly Channel<RawHttpMessage> _arrivals = Channel.CreateUnbounded<RawHttpMessage>();
    private readonly ConcurrentQueue<RawHttpMessage> _requests = new();
    private readonly ConcurrentDictionary<RawHttpConnection, Task> _connections = new();
    private readonly Task _accepting;
    private int _connectionCount;

    private RawUpstream(TcpListener listener, Func<RawUpstreamExchange, Task> handler)
    {
        _listener = listener;
        _handler = handler;
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Every finished request so far, in order of arrival.</summary>
    public IReadOnlyList<RawHttpMessage> Requests => [.. _requests];

    /// <summary>How many connections have been opened so far.</summary>
    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    /// <summary>The handler may read the body, or leave it unread; it writes the whole response itself.</summary>
    public static Task<RawUpstream> StartAsync(Func<RawUpstreamExchange, Task> handler)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return Task.FromResult(new RawUpstream(listener, handler));
    }

    /// <summary>Reads each request whole and answers it with the given bytes.</summary>
    public static Task<RawUpstream> StartAsync(Func<RawHttpMessage, string> answer) =>
        StartAsync(async exchange =>
        {
            var bytes = answer(await exchange.ReadBodyAsync());
            exchange.Note();
            await exchange.WriteAsync(bytes);
        });

    /// <summary>The next request that has not been asked for yet; waits until it has arrived whole.</summary>
    public async Task<RawHttpMessage> NextRequestAsync() => await _arrivals.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(60));

    /// <summary>Accepts no more connections; those that are open go on.</summary>
    public void StopListening() => _listener.Stop();

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        foreach (var (connection, serving) in _connections)
        {
            await connection.DisposeAsync();
            await serving;
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var connection = new RawHttpConnection(await _listener.AcceptTcpClientAsync());
                Interlocked.Increment(ref _connectionCount);
                _connections[connection] = ServeAsync(connection);
            }
        }
        catch (Exception stopped) when (stopped is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener was stopped: the upstream's end.
        }
    }

    private void Note(RawHttpMessage request)
    {
        _requests.Enqueue(request);
        _arrivals.Writer.TryWrite(request);
    }

    private async Task ServeAsync(RawHttpConnection connection)
    {
        try
        {
            while (await connection.ReadHeadAsync() is { } head && head.EndsWith("\r\n\r\n", StringComparison.Ordinal))
            {
                var exchange = new RawUpstreamExchange(connection, new RawHttpMessage(head, ""), Note);
                await _handler(exchange);
                exchange.Note();
                if (exchange.Closes)
                {
                    break;
                }
            }
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The peer went away or the test ended; what arrived before was recorded.
        }

        await connection.DisposeAsync();
    }
}
