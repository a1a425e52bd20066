using System.Net;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>
/// Sends status and headers to the client as soon as the API has sent them. YARP alone sends them with the first byte of the body,
/// and an event stream may stay silent for minutes before that.
/// </summary>
internal sealed class EarlyHeadersTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is { } response
            && response.StatusCode != HttpStatusCode.SwitchingProtocols
            && !HttpMethods.IsConnect(context.HttpContext.Request.Method))
        {
            response.Content = new EarlyHeadersContent(response.Content, context.HttpContext.Response);
        }

        return default;
    }
}

/// <summary>A response's content whose stream flushes the headers to the client when the first bytes of the body are not there yet.</summary>
internal sealed class EarlyHeadersContent(HttpContent content, HttpResponse response) : HttpContent
{
    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) =>
        new EarlyHeadersStream(await content.ReadAsStreamAsync(cancellationToken), response);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => content.CopyToAsync(stream, context);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            content.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>
/// Reads through to the API's body. There is no flush when the first read completes at once: headers and body then go out together,
/// and a response without a body (gRPC's trailers-only form) is not announced as one that has a body.
/// </summary>
internal sealed class EarlyHeadersStream(Stream body, HttpResponse response) : Stream
{
    private bool _hasRead;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = body.ReadAsync(buffer, cancellationToken);
        if (_hasRead || reading.IsCompleted)
        {
            _hasRead = true;
            return reading;
        }

        _hasRead = true;
        return FlushHeadersAsync(reading, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => body.Read(buffer, offset, count);

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> FlushHeadersAsync(ValueTask<int> reading, CancellationToken cancellationToken)
    {
        int count;
        try
        {
            await response.Body.FlushAsync(cancellationToken);
        }
        finally
        {
            // Also when the flush failed: the caller's buffer must not be given back while a read into it is pending.
            count = await reading;
        }

        return count;
    }
}
