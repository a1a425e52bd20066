using System.Net.Sockets;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>One connection's way back from Redis: replies pass in their order, and what is published passes, comes late or is lost.</summary>
/// <param name="fate">How many milliseconds a message is late, or one of the other fates.</param>
internal sealed class RelayedMessages(Func<int> fate)
{
    /// <summary>The message passes at once.</summary>
    public const int Passes = 0;

    /// <summary>The message never arrives.</summary>
    public const int IsLost = -1;

    /// <summary>The connection ends with it.</summary>
    public const int IsTheLast = -2;

    private readonly SemaphoreSlim _sending = new(1);

    public async Task CopyAsync(Socket redis, Socket client)
    {
        var buffer = new byte[16 * 1024];
        var filled = 0;
        try
        {
            while (await redis.ReceiveAsync(buffer.AsMemory(filled)) is > 0 and var count)
            {
                filled += count;
                var passed = await PassAsync(client, buffer.AsMemory(0, filled));
                if (passed < 0)
                {
                    return;
                }

                filled -= passed;
                buffer.AsSpan(passed, filled).CopyTo(buffer);
                if (filled == buffer.Length)
                {
                    Array.Resize(ref buffer, 2 * buffer.Length);
                }
            }
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // Either side is gone, or the test cut the way: the other side learns it.
        }
    }

    /// <returns>How many bytes are dealt with: all but those of a reply whose end is still to come. Below 0 if the connection ends.</returns>
    private async Task<int> PassAsync(Socket client, ReadOnlyMemory<byte> bytes)
    {
        var (from, at) = (0, 0);
        while (RespReplies.Measure(bytes.Span[at..]) is > 0 and var length)
        {
            var reply = bytes.Slice(at, length);
            at += length;
            if (RespReplies.IsPublished(reply.Span) && fate() is var lateMs and not Passes)
            {
                await SendAsync(client, bytes[from..(at - length)]);
                if (lateMs == IsTheLast)
                {
                    return -1;
                }

                from = at;
                if (lateMs > 0)
                {
                    _ = BringLateAsync(client, reply.ToArray(), lateMs);
                }
            }
        }

        await SendAsync(client, bytes[from..at]);
        return at;
    }

    private async Task BringLateAsync(Socket client, byte[] message, int lateMs)
    {
        try
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(lateMs));
            await timer.WaitForNextTickAsync();
            await SendAsync(client, message);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The connection has ended meanwhile: the message is lost.
        }
    }

    private async Task SendAsync(Socket client, ReadOnlyMemory<byte> bytes)
    {
        await _sending.WaitAsync();
        try
        {
            while (bytes.Length > 0)
            {
                bytes = bytes[await client.SendAsync(bytes)..];
            }
        }
        finally
        {
            _sending.Release();
        }
    }
}
