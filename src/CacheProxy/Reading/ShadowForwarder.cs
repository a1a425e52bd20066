using System.Collections.Immutable;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Reading.Comparing;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Reading;

/// <summary>
/// Mode Shadow: what would have been served is compared with what the API answers, which is what the client gets. Tells how often
/// caching would have hit, and whether it would ever have been wrong, before it is switched on.
/// </summary>
internal sealed partial class ShadowForwarder(
    ForwardResponder forwards,
    ResourceCache cache,
    HeldBodies held,
    SeenWrites writes,
    ShadowReport report,
    CacheMetrics metrics,
    ILogger<ShadowForwarder> logger)
{
    /// <summary>Nothing is stored that could answer.</summary>
    public void Missed(CacheRequest request) => report.Missed(request.Policy.Name);

    public async Task ForwardAsync(CacheRequest request, LookUpResult found, RequestDelegate next)
    {
        await using var comparison = new ShadowComparison(request.Context, found.Response!, request.Policy.Options.MaxBodyBytes, held);
        comparison.Install();
        try
        {
            await forwards.ForwardAsync(request.Context, request.Policy, ForwardReason.Shadow, next);
        }
        finally
        {
            comparison.Remove();
        }

        if (!comparison.IsOver)
        {
            report.HitUnseen(request.Policy.Name);
        }
        else if (comparison.Difference(request.Policy.AuditIgnore) is not { } place)
        {
            report.HitRight(request.Policy.Name);
            metrics.ShadowHit(request.Policy.Name, equal: true);
        }
        else
        {
            await CountDifferenceAsync(request, found, place);
        }
    }

    // Where a write is under way or has evicted the entry meanwhile, what was stored was right when the read began.
    private async Task CountDifferenceAsync(CacheRequest request, LookUpResult found, string place)
    {
        var now = await cache.LookUpAsync(request.Key, request.Variants, TimeSpan.Zero, new StoreTimeoutBudget(request.StoreTimeout));
        if (now.Outcome == LookUpOutcome.Unavailable)
        {
            report.HitUnseen(request.Policy.Name);
            return;
        }

        var stands = now.Outcome == LookUpOutcome.Found && now.Stamp == found.Stamp;
        metrics.ShadowHit(request.Policy.Name, equal: !stands);
        if (!stands)
        {
            report.HitOvertaken(request.Policy.Name);
            return;
        }

        report.HitWrong(request.Policy.Name, place, writes.Since(request.Tenant, request.Id, found.Response!.ResponseTimeMs));
        Mismatch(logger, request.Policy.Name);
    }

    [LoggerMessage(2101, LogLevel.Debug, "Shadow mismatch of policy {Policy}")]
    private static partial void Mismatch(ILogger logger, string policy);
}

/// <summary>Compares the API's answer with a stored response while it streams to the client. Of one that is equal nothing is copied.</summary>
internal sealed class ShadowComparison(HttpContext context, StoredResponse stored, int mostBytes, HeldBodies held) : ObservedResponseBody(context)
{
    private int _equalBytes;
    private bool _isEqual = true;
    private bool _isCut;
    private BodyCopy? _rest;

    /// <summary>Whether the API's answer came whole, and answers the same question.</summary>
    public bool IsOver
    {
        get
        {
            SeeHeaders();
            return Context.Features.Get<IForwarderErrorFeature>() is null
                && !Context.RequestAborted.IsCancellationRequested
                && !HttpMethods.IsHead(Context.Request.Method)
                && Context.Response.StatusCode is not (StatusCodes.Status304NotModified or StatusCodes.Status206PartialContent
                    or StatusCodes.Status416RangeNotSatisfiable);
        }
    }

    /// <summary>Where the answers first differ; <c>null</c> where they do not.</summary>
    public string? Difference(ImmutableArray<JsonPointer> ignored)
    {
        var response = Context.Response;
        if (_isCut)
        {
            return response.StatusCode == stored.Status ? AnswerDifference.Body : AnswerDifference.Status;
        }

        var body = _isEqual ? stored.Body[.._equalBytes] : (byte[])[.. stored.Body.Span[.._equalBytes], .. _rest!.Bytes.Span];
        return AnswerDifference.Find(stored, response.StatusCode, response.Headers, body, ignored);
    }

    protected override void OnHeaders()
    {
    }

    protected override ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken)
    {
        Compare(bytes.Span);
        return Inner.WriteAsync(bytes, cancellationToken);
    }

    protected override ValueTask OnCompletingAsync() => ValueTask.CompletedTask;

    protected override void Dispose(bool disposing)
    {
        _rest?.Dispose();
        base.Dispose(disposing);
    }

    private void Compare(ReadOnlySpan<byte> bytes)
    {
        if (_isEqual)
        {
            var same = stored.Body.Span[_equalBytes..].CommonPrefixLength(bytes);
            _equalBytes += same;
            bytes = bytes[same..];
            _isEqual = bytes.IsEmpty;
        }

        if (!bytes.IsEmpty && !_isCut)
        {
            // What is larger than anything that is stored, or finds no room in memory, is told to differ, but not where.
            _rest ??= BodyCopy.TryBegin(declaredLength: null, mostBytes, held)!;
            _isCut = !_rest.TryAppend(bytes, out _, keepsOutgrown: false);
        }
    }
}
