using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>
/// Stands before a Redis and lets a connection have this many bytes of replies, or those up to one that says something; what comes after
/// them waits at a gate. So do all later replies on that connection, and on no other.
/// </summary>
internal sealed class HeldReplies : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly int _redis;
    private readonly long _free;
    private readonly string? _last;

    public HeldReplies(int redis, long free)
    {
        _redis = redis;
        _free = free;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <param name="redis">Its port.</param>
    /// <param name="last">What the last reply says that is let through.</param>
    public HeldReplies(int redis, string last)
        : this(redis, long.MaxValue) => _last = last;

    public Gate Gate { get; } = new();

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public async ValueTask DisposeAsync()
    {
        Gate.Open();
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                connections.Add(RelayAsync(await _listener.AcceptTcpClientAsync(_stop.Token)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task RelayAsync(TcpClient client)
    {
        using var redis = new TcpClient();
        using (client)
        {
            try
            {
                await redis.ConnectAsync(IPAddress.Loopback, _redis, _stop.Token);
                await Task.WhenAny(client.GetStream().CopyToAsync(redis.GetStream(), _stop.Token), ReplyAsync(redis.GetStream(), client.GetStream()));
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
            {
                // One side has gone; so does the other.
            }
        }
    }

    private async Task ReplyAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[64 * 1024];
        var passed = 0L;
        var isLast = false;
        while (await from.ReadAsync(buffer, _stop.Token) is var count and > 0)
        {
            passed += count;
            if (passed > _free || isLast)
            {
                await Gate.PassAsync();
            }

            isLast |= _last is not null && Encoding.Latin1.GetString(buffer, 0, count).Contains(_last, StringComparison.Ordinal);
            await to.WriteAsync(buffer.AsMemory(0, count), _stop.Token);
        }
    }
}
