using CacheProxy.Filling;
using CacheProxy.Proxy;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Reading;

/// <summary>
/// Mode Shadow: what would have been served is compared with what the API answers, which is what the client gets. Tells how often
/// caching would have hit, and whether it would ever have been wrong, before it is switched on.
/// </summary>
internal sealed partial class ShadowForwarder(ForwardResponder forwards, CacheMetrics metrics, ILogger<ShadowForwarder> logger)
{
    public async Task ForwardAsync(CacheRequest request, StoredResponse stored, RequestDelegate next)
    {
        var comparison = new ShadowComparison(request.Context, stored);
        comparison.Install();
        try
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Shadow, next);
        }
        finally
        {
            comparison.Remove();
        }

        if (comparison.Finish() is { } equal)
        {
            metrics.ShadowHit(request.Policy.Name, equal);
            if (!equal)
            {
                Mismatch(logger, request.Policy.Name);
            }
        }
    }

    [LoggerMessage(2101, LogLevel.Debug, "Shadow mismatch of policy {Policy}")]
    private static partial void Mismatch(ILogger logger, string policy);
}

/// <summary>Compares the API's answer with a stored response while it streams to the client.</summary>
internal sealed class ShadowComparison(HttpContext context, StoredResponse stored) : ObservedResponseBody(context)
{
    private int _compared;
    private bool _equal = true;

    /// <summary>Whether both were equal; <c>null</c> when the API's answer did not come whole, or answers another question.</summary>
    public bool? Finish()
    {
        SeeHeaders();
        var whole = Context.Features.Get<IForwarderErrorFeature>() is null && !Context.RequestAborted.IsCancellationRequested;
        return !whole || HttpMethods.IsHead(Context.Request.Method) || Context.Response.StatusCode is
            StatusCodes.Status304NotModified or StatusCodes.Status206PartialContent or StatusCodes.Status416RangeNotSatisfiable
            ? null
            : _equal && _compared == stored.Body.Length;
    }

    protected override void OnHeaders() => _equal = Context.Response.StatusCode == stored.Status;

    protected override ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken)
    {
        var rest = stored.Body.Span[_compared..];
        _equal &= rest.Length >= bytes.Length && rest[..bytes.Length].SequenceEqual(bytes.Span);
        _compared += Math.Min(rest.Length, bytes.Length);
        return Inner.WriteAsync(bytes, cancellationToken);
    }

    protected override ValueTask OnCompletingAsync() => ValueTask.CompletedTask;
}
