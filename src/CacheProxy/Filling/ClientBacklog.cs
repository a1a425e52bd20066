namespace CacheProxy.Filling;

/// <summary>What a client has yet to be sent of a response that is copied: the API and those who wait for the copy do not wait for it.</summary>
/// <param name="client">The client's response. The bytes that are passed stay valid: they belong to the copy.</param>
internal sealed class ClientBacklog(Stream client)
{
    /// <summary>Completes when the client has been sent everything so far; fails when it could not be sent.</summary>
    public Task Written { get; private set; } = Task.CompletedTask;

    public void Pass(ReadOnlyMemory<byte> bytes)
    {
        if (Written.IsCompletedSuccessfully)
        {
            var write = client.WriteAsync(bytes);
            Written = write.IsCompletedSuccessfully ? Task.CompletedTask : write.AsTask();
        }
        else
        {
            Written = PassAfterAsync(Written, bytes);
        }
    }

    /// <summary>Waits until the client has been sent everything, or has gone.</summary>
    public async ValueTask DrainAsync()
    {
        try
        {
            await Written;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client has gone: nobody is left to pass anything on to.
        }
    }

    private async Task PassAfterAsync(Task before, ReadOnlyMemory<byte> bytes)
    {
        await before;
        await client.WriteAsync(bytes);
    }
}
