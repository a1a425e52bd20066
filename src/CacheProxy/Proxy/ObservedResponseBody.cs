using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Proxy;

/// <summary>
/// The response body that the forwarder writes to, observed: a subclass acts when the final headers are there and before the last byte
/// is passed on.
/// </summary>
internal abstract class ObservedResponseBody : Stream, IHttpResponseBodyFeature
{
    private readonly IHttpResponseBodyFeature _inner;
    private PipeWriter? _writer;
    private long? _declaredLength;
    private long _received;
    private bool _headersSeen;

    protected ObservedResponseBody(HttpContext context)
    {
        Context = context;
        _inner = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
    }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    Stream IHttpResponseBodyFeature.Stream => this;

    PipeWriter IHttpResponseBodyFeature.Writer => _writer ??= PipeWriter.Create(this, new StreamPipeWriterOptions(leaveOpen: true));

    protected HttpContext Context { get; }

    protected Stream Inner => _inner.Stream;

    /// <summary>The body's length as the API declared it; known when the headers are.</summary>
    protected long? DeclaredLength => _declaredLength;

    /// <summary>Whether every byte that the API declared has arrived.</summary>
    protected bool HasDeclaredEnd => _declaredLength is { } length && _received >= length;

    /// <summary>Whether the client gets nothing of this body: it is read and thrown away.</summary>
    protected bool IsWithheld { get; set; }

    public virtual void Install() => Context.Features.Set<IHttpResponseBodyFeature>(this);

    public virtual void Remove() => Context.Features.Set(_inner);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        SeeHeaders();
        _received += buffer.Length;
        return OnBytesAsync(buffer, HasDeclaredEnd, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        SeeHeaders();
        return IsWithheld ? Task.CompletedTask : OnFlushAsync(cancellationToken);
    }

    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        SeeHeaders();
        await OnStartingAsync(cancellationToken);
        if (!IsWithheld)
        {
            await _inner.StartAsync(cancellationToken);
        }
    }

    public async Task CompleteAsync()
    {
        SeeHeaders();
        await OnCompletingAsync();
        if (!IsWithheld)
        {
            await _inner.CompleteAsync();
        }
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        SendFileFallback.SendFileAsync(this, path, offset, count, cancellationToken);

    public void DisableBuffering() => _inner.DisableBuffering();

    public override void Flush() => throw new NotSupportedException("Nothing here blocks a thread.");

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Nothing here blocks a thread.");

    /// <summary>Makes sure that <see cref="OnHeaders"/> has run; called again after the forwarder, for a response without a body.</summary>
    protected void SeeHeaders()
    {
        if (!_headersSeen)
        {
            _headersSeen = true;
            _declaredLength = Context.Response.ContentLength;
            OnHeaders();
        }
    }

    /// <summary>The final status and headers are there, and nothing has been sent.</summary>
    protected abstract void OnHeaders();

    /// <param name="bytes">What the API sent; valid until the returned task ends.</param>
    /// <param name="last">Whether these are the last of the declared bytes. Never true for a body without a declared length.</param>
    /// <param name="cancellationToken">Cancelled when the forwarder gives up.</param>
    protected abstract ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken);

    /// <summary>The forwarder has the whole answer and completes the response itself.</summary>
    protected abstract ValueTask OnCompletingAsync();

    /// <summary>The forwarder wants the headers sent before there is any body.</summary>
    protected virtual ValueTask OnStartingAsync(CancellationToken cancellationToken) => default;

    protected virtual Task OnFlushAsync(CancellationToken cancellationToken) => Inner.FlushAsync(cancellationToken);
}
