using System.Net;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>Content that is sent byte by byte while the call is under way.</summary>
internal sealed class OpenEndedContent : HttpContent
{
    private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async Task SendAsync(byte message)
    {
        var stream = await _opened.Task;
        await stream.WriteAsync(new[] { message });
        await stream.FlushAsync();
    }

    public void End() => _ended.SetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.FlushAsync();
        _opened.SetResult(stream);
        await _ended.Task;
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
