using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Reading.Comparing;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Auditing;

/// <summary>
/// Asks the API what a client was served from the store. A difference counts only if nothing that went through a sidecar explains it: the
/// entry is there, unfenced, before the API is asked and after it has answered, and once more a second later. A write sets its fence
/// before the API sees it and takes the entry away before it is acknowledged, so that whatever the API answered from a write would have
/// left the entry fenced, gone or replaced. The second look is for the evictions that have no fence.
/// </summary>
internal sealed class Audit(
    ResourceCache cache, HitSamples samples, FillLimits limits, HeldBodies held, SeenWrites writes, TimeProvider time)
{
    private static readonly TimeSpan ApiLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BeforeSecondLook = TimeSpan.FromSeconds(1);

    public async Task<Audited> RunAsync(HitSample sample, CancellationToken stopping)
    {
        var request = sample.Request;
        // As warming: clients' misses come first.
        if (!limits.HasRoomForWarming(request))
        {
            return new Audited(AuditResult.Skipped);
        }

        var found = await LookUpAsync(request);
        if (found.Outcome == LookUpOutcome.Unavailable)
        {
            return new Audited(AuditResult.Unavailable);
        }

        if (!IsSame(found, sample))
        {
            return new Audited(AuditResult.Superseded);
        }

        if (!held.TryHold(request.Key, ref found, out var hold))
        {
            return new Audited(AuditResult.Skipped);
        }

        using (hold)
        {
            return await CompareAsync(sample, found.Response!, stopping);
        }
    }

    private async Task<Audited> CompareAsync(HitSample sample, StoredResponse stored, CancellationToken stopping)
    {
        await using var first = await AskAsync(sample, stopping);
        var (result, place) = await LookAsync(sample, stored, first);
        if (result is not null || place is null)
        {
            return new Audited(result ?? AuditResult.Right);
        }

        await Task.Delay(BeforeSecondLook, time, stopping);
        await using var second = await AskAsync(sample, stopping);
        (result, _) = await LookAsync(sample, stored, second);
        if (result is not null)
        {
            return new Audited(result.Value);
        }

        // What the API says otherwise each time is no news that the entry lacks.
        if (Difference(stored with { Status = first.Status, Headers = first.Fields(), Body = first.Body }, second, sample) is not null)
        {
            return new Audited(AuditResult.Unsteady, place);
        }

        var since = writes.Since(sample.Request.Tenant, sample.Request.Id, stored.ResponseTimeMs);
        return new Audited(since.Any(static write => write.NamesId) ? AuditResult.WrongWriteSeen : AuditResult.WrongNoWriteSeen, place, since);
    }

    private async Task<AuditedAnswer> AskAsync(HitSample sample, CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(ApiLimit, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        var context = samples.Own(sample.Request.Context);
        context.RequestAborted = ends.Token;
        var answer = new AuditedAnswer(context, sample.Request.Policy.Options.MaxBodyBytes, held);
        await answer.AskAsync(sample.Next);
        stopping.ThrowIfCancellationRequested();
        return answer;
    }

    /// <returns>Why nothing can be said; otherwise where the API's answer differs, and <c>null</c> where it does not.</returns>
    private async Task<(AuditResult? Result, string? Place)> LookAsync(HitSample sample, StoredResponse stored, AuditedAnswer answer)
    {
        if (!answer.IsWhole || answer.Status is >= 500 or StatusCodes.Status408RequestTimeout)
        {
            return (AuditResult.Failed, null);
        }

        if (answer.Status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status429TooManyRequests)
        {
            return (AuditResult.Refused, null);
        }

        if (answer.HasNoRoom)
        {
            return (AuditResult.Skipped, null);
        }

        if (Difference(stored, answer, sample) is not { } place)
        {
            return (null, null);
        }

        var now = await LookUpAsync(sample.Request);
        return now.Outcome == LookUpOutcome.Unavailable ? (AuditResult.Unavailable, null)
            : IsSame(now, sample) ? (null, place)
            : (AuditResult.Superseded, null);
    }

    private static string? Difference(StoredResponse stored, AuditedAnswer answer, HitSample sample) =>
        AnswerDifference.Find(stored, answer.Status, answer.Headers, answer.Body, sample.Request.Policy.AuditIgnore);

    // Never a copy in this process: what counts is what all replicas have.
    private ValueTask<LookUpResult> LookUpAsync(CacheRequest request) =>
        cache.LookUpAsync(request.Key, request.Variants, TimeSpan.Zero, new StoreTimeoutBudget(request.StoreTimeout));

    private static bool IsSame(in LookUpResult found, HitSample sample) => found.Outcome == LookUpOutcome.Found && found.Stamp == sample.Stamp;
}

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
