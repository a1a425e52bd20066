using System.IO.Pipelines;

namespace CacheProxy.IntegrationTests.Cost;

/// <summary>Counts how often something was flushed to a connection.</summary>
internal sealed class CountedFlushes
{
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public IDuplexPipe Of(IDuplexPipe transport) => new Transport(transport.Input, new Writer(transport.Output, this));

    private sealed class Transport(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }

    private sealed class Writer(PipeWriter inner, CountedFlushes flushes) : PipeWriter
    {
        private int _written;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            _written += bytes;
            inner.Advance(bytes);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            if (_written > 0)
            {
                _written = 0;
                Interlocked.Increment(ref flushes._count);
            }

            return inner.FlushAsync(cancellationToken);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);
    }
}
