using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Writing;

/// <summary>
/// The body of a write. One whose length is declared and small is there before the fence is set, since nothing has reached the API by
/// then: who sends it slowly, or never to its end, keeps no resource uncached. Any other is fenced first, and its pace is measured.
/// </summary>
internal static class WriteBody
{
    /// <summary>Nearly every write of JSON is smaller.</summary>
    public const int MaxAheadBytes = 64 * 1024;

    // Less of a wait than this says nothing about a client's pace.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(100);

    /// <summary>Waits until a small body is there. False when there is or may be a body that is not.</summary>
    /// <exception cref="IOException">The client left or broke the rules of HTTP.</exception>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public static ValueTask<bool> TryReadAheadAsync(HttpContext context)
    {
        var request = context.Request;
        var canHaveBody = context.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false };
        if (!canHaveBody || request.ContentLength == 0)
        {
            return new(true);
        }

        // Who expects 100 Continue wants to hear from the API before it sends anything.
        return request.ContentLength is > 0 and <= MaxAheadBytes && request.Headers.Expect.Count == 0
            ? ReadAheadAsync(request, context.RequestAborted)
            : new(false);
    }

    /// <summary>Lets the forwarder read the body through a measure of its pace.</summary>
    public static PacedBody Measure(HttpRequest request, TimeProvider time)
    {
        var body = new PacedBody(request.Body, time, ShortestWait);
        request.Body = body;
        return body;
    }

    // The bytes stay where the server put them, and the forwarder finds them there.
    private static async ValueTask<bool> ReadAheadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var reader = request.BodyReader;
        var read = await reader.ReadAtLeastAsync((int)request.ContentLength!.Value, cancellationToken);
        reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        return true;
    }
}

/// <summary>A request's body that knows how long the forwarder has waited for it and how much came.</summary>
internal sealed class PacedBody(Stream inner, TimeProvider time, TimeSpan shortestWait) : Stream
{
    private readonly Lock _lock = new();
    private long _bytes;
    private long _waitingSince;
    private TimeSpan _waited;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>
    /// Whether the client has sent, since the last call, at least so many bytes for each second that the forwarder waited for it. Time
    /// that the API takes to read does not count.
    /// </summary>
    public bool KeepsPace(int bytesPerSecond)
    {
        lock (_lock)
        {
            if (_waitingSince != 0)
            {
                var now = time.GetTimestamp();
                _waited += time.GetElapsedTime(_waitingSince, now);
                _waitingSince = now;
            }

            var keeps = _waited < shortestWait || _bytes >= bytesPerSecond * _waited.TotalSeconds;
            _bytes = 0;
            _waited = TimeSpan.Zero;
            return keeps;
        }
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            _waitingSince = time.GetTimestamp();
        }

        return EndAsync(inner.ReadAsync(buffer, cancellationToken));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Nothing here blocks a thread.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async ValueTask<int> EndAsync(ValueTask<int> reading)
    {
        var count = 0;
        try
        {
            count = await reading;
            return count;
        }
        finally
        {
            lock (_lock)
            {
                _waited += time.GetElapsedTime(_waitingSince);
                _waitingSince = 0;
                _bytes += count;
            }
        }
    }
}
