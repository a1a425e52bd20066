using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Auditing;

/// <summary>The API's answer to an audit, kept as far as it may be as large as what is stored.</summary>
internal sealed class AuditedAnswer(HttpContext context, int mostBytes, HeldBodies held) : ObservedResponseBody(context), IDisposable
{
    private readonly BodyCopy _body = BodyCopy.TryBegin(declaredLength: null, mostBytes, held)!;
    private bool _isCut;
    private long _length;

    /// <summary>Whether memory is short. Of one that is larger than anything that is stored, what there is of it differs from what is.</summary>
    public bool HasNoRoom => _isCut && _length <= mostBytes;

    public int Status => Context.Response.StatusCode;

    public IHeaderDictionary Headers => Context.Response.Headers;

    public ReadOnlyMemory<byte> Body => _body.Bytes;

    /// <summary>Whether it came whole.</summary>
    public bool IsWhole => Context.Features.Get<IForwarderErrorFeature>() is null && !Context.RequestAborted.IsCancellationRequested;

    /// <summary>What says how its body is to be read.</summary>
    public HeaderField[] Fields() =>
    [
        .. ((string[])["Content-Type", "Content-Encoding"])
            .Where(name => Headers.ContainsKey(name))
            .Select(name => new HeaderField(name, Headers[name].ToString())),
    ];

    /// <summary>Asks the API, past the cache.</summary>
    public async Task AskAsync(RequestDelegate next)
    {
        Install();
        await next(Context);
        SeeHeaders();
    }

    protected override void OnHeaders() => IsWithheld = true;

    protected override ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken)
    {
        _length += bytes.Length;
        _isCut = _isCut || !_body.TryAppend(bytes.Span, out _, keepsOutgrown: false);

        return default;
    }

    protected override ValueTask OnCompletingAsync() => default;

    protected override void Dispose(bool disposing)
    {
        _body.Dispose();
        base.Dispose(disposing);
    }
}
