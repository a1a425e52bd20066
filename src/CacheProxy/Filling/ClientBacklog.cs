using CacheProxy.Store;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Filling;

/// <summary>What a client has yet to be sent of a response that is copied: the API and those who wait for the copy do not wait for it.</summary>
/// <param name="writer">Writes to clients.</param>
/// <param name="context">The client's request.</param>
internal sealed class ClientBacklog(ClientWriter writer, HttpContext context)
{
    private readonly IHttpResponseBodyFeature _client = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();

    /// <summary>Completes when the client has been sent everything so far; fails when it could not be sent.</summary>
    public Task Written { get; private set; } = Task.CompletedTask;

    /// <param name="bytes">Stay valid: they belong to the copy.</param>
    public void Pass(ReadOnlyMemory<byte> bytes)
    {
        if (Written.IsCompletedSuccessfully)
        {
            Written = writer.WriteAsync(context, _client.Stream, bytes);
        }
        else
        {
            Written = PassAfterAsync(Written, bytes);
        }
    }

    /// <summary>Waits until the client has been sent everything, or has gone.</summary>
    /// <param name="ends">Whether that was all, and the client's response ends here.</param>
    public async ValueTask DrainAsync(bool ends)
    {
        try
        {
            await Written;
            if (ends)
            {
                await _client.CompleteAsync();
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client has gone: nobody is left to pass anything on to.
        }
    }

    private async Task PassAfterAsync(Task before, ReadOnlyMemory<byte> bytes)
    {
        await before;
        await writer.WriteAsync(context, _client.Stream, bytes);
    }
}

/// <summary>
/// Writes what is in memory to clients. The server copies whatever it is given, so it is given no more than it buffers before the client
/// reads; and a client that reads nothing for <see cref="MemoryOptions.UnreadTimeout"/> is cut off. A stream that has nothing to write, as
/// one of events between two of them, is none of this.
/// </summary>
internal sealed class ClientWriter(MemoryOptions options, CacheMetrics metrics, TimeProvider time)
{
    // Half of what the server buffers of a connection before it makes a writer wait.
    private const int PieceBytes = 32 * 1024;

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
                metrics.CutOff();
                context.Abort();
            }

            await write;
        }
    }
}
