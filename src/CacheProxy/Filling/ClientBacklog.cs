using CacheProxy.Proxy;
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
