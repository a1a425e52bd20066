using System.Diagnostics.Metrics;
using CacheProxy.Store;
using CacheProxy.Telemetry;

namespace CacheProxy.Proxy;

/// <summary>
/// Writes what is in memory to clients. The server copies whatever it is given, so it is given no more than it buffers before the client
/// reads; and a client that reads nothing for <see cref="MemoryOptions.UnreadTimeout"/> is cut off. A stream that has nothing to write, as
/// one of events between two of them, is none of this.
/// </summary>
internal sealed class ClientWriter(MemoryOptions options, IMeterFactory meters, TimeProvider time)
{
    // Half of what the server buffers of a connection before it makes a writer wait.
    private const int PieceBytes = 32 * 1024;

    private readonly Counter<long> _cutOff = meters.Create(CacheProxyMeter.Name).CreateCounter<long>(
        "cacheproxy.clients.cut.off", "{request}", "Requests whose connection was closed because the client left unread what was kept in memory for it");

    /// <param name="context">The client's request.</param>
    /// <param name="client">Its response. Written without the client's token: one that has gone is no exception, and the server drops it.</param>
    /// <param name="bytes">Valid until the task ends.</param>
    public Task WriteAsync(HttpContext context, Stream client, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > PieceBytes)
        {
            return WritePiecesAsync(context, client, bytes);
        }

        var write = client.WriteAsync(bytes);
        return write.IsCompletedSuccessfully ? Task.CompletedTask : WaitAsync(context, write.AsTask());
    }

    private async Task WritePiecesAsync(HttpContext context, Stream client, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(PieceBytes, bytes.Length)];
            bytes = bytes[piece.Length..];
            var write = client.WriteAsync(piece);
            if (!write.IsCompletedSuccessfully)
            {
                await WaitAsync(context, write.AsTask());
            }
        }
    }

    private async Task WaitAsync(HttpContext context, Task write)
    {
        try
        {
            await write.WaitAsync(options.UnreadTimeout, time);
        }
        catch (TimeoutException)
        {
            // The client has read nothing: its connection ends, and so does the write.
            if (!write.IsCompleted)
            {
                _cutOff.Add(1);
                context.Abort();
            }

            await write;
        }
    }
}
