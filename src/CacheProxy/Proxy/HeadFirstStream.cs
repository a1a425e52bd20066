namespace CacheProxy.Proxy;

/// <summary>
/// Reads through to the API's body. The flush is skipped when the first read completes at once: head and body then go out together,
/// and a response that has no body (gRPC's trailers-only form) is not announced as one that has.
/// </summary>
internal sealed class HeadFirstStream(Stream body, HttpResponse response) : Stream
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
        return FlushHeadAsync(reading, cancellationToken);
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

    private async ValueTask<int> FlushHeadAsync(ValueTask<int> reading, CancellationToken cancellationToken)
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
