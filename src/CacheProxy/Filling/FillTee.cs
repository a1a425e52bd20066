using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Filling;

/// <summary>
/// Streams the API's answer to the client and takes a copy. The copy is in the store before the client has the last byte, so that its
/// next request is a hit; and the client's pace holds up neither the API nor those who wait for the copy.
/// </summary>
internal sealed class FillTee : ObservedResponseBody
{
    private readonly CacheRequest _request;
    private readonly StaleEntry _stale;
    private readonly FillCompletion _completion;
    private readonly ClientConditions _conditions;
    private readonly UpstreamFraming _framing;
    private readonly TimeProvider _time;
    private readonly long _requestTimeMs;
    private BodyCopy? _copy;
    private StorableResponse? _storable;
    private Task _backlog = Task.CompletedTask;
    private bool _mustEvict;

    public FillTee(
        CacheRequest request,
        StaleEntry stale,
        FillCompletion completion,
        ClientConditions conditions,
        UpstreamFraming framing,
        TimeProvider time)
        : base(request.Context)
    {
        _request = request;
        _stale = stale;
        _completion = completion;
        _conditions = conditions;
        _framing = framing;
        _time = time;
        _requestTimeMs = time.GetUtcNow().ToUnixTimeMilliseconds();
    }

    public FillPlan Plan { get; private set; }

    /// <summary>The API's status; <c>null</c> when it gave none.</summary>
    public int? ForwardStatus { get; private set; }

    /// <summary>What <see cref="FillPlan.Freshen"/> made of the stored response; <c>null</c> when that may not be stored any more.</summary>
    public StorableResponse? Freshened { get; private set; }

    /// <summary>The forwarder is done: stores what is complete and waits until the client has what is its.</summary>
    public async ValueTask FinishAsync()
    {
        SeeHeaders();
        await EvictAsync();
        await EndAsync();
        await DrainAsync();
    }

    protected override void OnHeaders()
    {
        var response = Context.Response;
        var failed = Context.Features.Get<IForwarderErrorFeature>() is not null;
        ForwardStatus = failed ? null : response.StatusCode;
        Plan = Decide(response, failed);
        IsWithheld = Plan is FillPlan.Freshen or FillPlan.StaleIfError or FillPlan.AskAgain;
        if (IsWithheld)
        {
            return;
        }

        if (Plan == FillPlan.PassOn)
        {
            _mustEvict = _stale.Response is not null && EndsWhatIsStored(ForwardStatus);
            _completion.GiveUp();
        }

        var storing = Plan == FillPlan.Store;
        new CacheStatus(
            Forward: _stale.Reason,
            ForwardStatus: ForwardStatus,
            Stored: storing,
            Detail: storing || failed ? null : _completion.Detail).AppendTo(response.Headers);
        if (storing && IsNotModifiedForClient())
        {
            HitResponder.NotModified(response);
            IsWithheld = true;
        }
    }

    protected override async ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken)
    {
        await EvictAsync();
        if (_copy is null || !_copy.TryAppend(bytes.Span, out var slice))
        {
            await PassUncopiedAsync(bytes, cancellationToken);
            return;
        }

        if (last)
        {
            await EndAsync();
        }

        if (!IsWithheld)
        {
            PassCopied(slice);
        }
    }

    protected override async Task OnFlushAsync(CancellationToken cancellationToken)
    {
        if (_backlog.IsCompleted)
        {
            await base.OnFlushAsync(cancellationToken);
        }
    }

    protected override async ValueTask OnCompletingAsync()
    {
        await EvictAsync();
        await EndAsync();
        await DrainAsync();
    }

    private FillPlan Decide(HttpResponse response, bool failed)
    {
        if (_stale.Response is { } stored)
        {
            if (response.StatusCode == StatusCodes.Status304NotModified && !failed)
            {
                return Freshen(stored, response);
            }

            if (response.StatusCode >= 500 && stored.Freshness.CoversError(_completion.AgeMs(stored), _request.Directives))
            {
                return FillPlan.StaleIfError;
            }
        }

        if (failed)
        {
            return FillPlan.PassOn;
        }

        _storable = StorableResponse.TryMake(
            _request, response, _framing, _requestTimeMs, _time.GetUtcNow().ToUnixTimeMilliseconds(), out var decision);
        _completion.Detail = StorageRules.ToToken(decision);
        if (_storable is null || DeclaredLength > _request.Policy.Options.MaxBodyBytes)
        {
            _completion.Detail = _storable is null ? _completion.Detail : CacheStatusDetails.BodyTooLarge;
            return FillPlan.PassOn;
        }

        _copy = new BodyCopy(DeclaredLength, _request.Policy.Options.MaxBodyBytes);
        return FillPlan.Store;
    }

    private FillPlan Freshen(StoredResponse stored, HttpResponse response)
    {
        if (!StoredHeaderUpdate.Concerns(stored.Headers, response.Headers))
        {
            return FillPlan.AskAgain;
        }

        Freshened = StorableResponse.TryFreshen(
            _request, stored, response, _framing, _requestTimeMs, _time.GetUtcNow().ToUnixTimeMilliseconds());
        return FillPlan.Freshen;
    }

    // The client's own conditions were kept from the API so that a whole response could be stored; they are answered here.
    private bool IsNotModifiedForClient() =>
        _conditions.AreMetBy(Context.Response, _time.GetUtcNow().ToUnixTimeMilliseconds());

    private static bool EndsWhatIsStored(int? status) => status
        is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden or StatusCodes.Status404NotFound or StatusCodes.Status410Gone;

    private async ValueTask EvictAsync()
    {
        if (_mustEvict)
        {
            _mustEvict = false;
            await _completion.EvictAsync();
        }
    }

    private async ValueTask EndAsync()
    {
        if (Plan == FillPlan.Store && _copy is { } copy)
        {
            _copy = null;
            if (IsComplete())
            {
                await _completion.StoreAsync(_storable!, copy.Bytes);
            }
            else
            {
                await _completion.AbandonAsync();
            }
        }
    }

    private bool IsComplete() =>
        Context.Features.Get<IForwarderErrorFeature>() is null && (HasDeclaredEnd || (DeclaredLength is null && _framing.IsDelimited));

    private async ValueTask PassUncopiedAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_copy is not null)
        {
            _copy = null;
            Plan = FillPlan.PassOn;
            _completion.GiveUp();
        }

        if (!IsWithheld)
        {
            await _backlog;
            await Inner.WriteAsync(bytes, cancellationToken);
        }
    }

    private void PassCopied(ReadOnlyMemory<byte> slice)
    {
        if (_backlog.IsCompletedSuccessfully)
        {
            var write = Inner.WriteAsync(slice);
            _backlog = write.IsCompletedSuccessfully ? Task.CompletedTask : write.AsTask();
        }
        else
        {
            _backlog = PassAfterAsync(_backlog, slice);
        }
    }

    private async Task PassAfterAsync(Task before, ReadOnlyMemory<byte> slice)
    {
        await before;
        await Inner.WriteAsync(slice);
    }

    private async ValueTask DrainAsync()
    {
        try
        {
            await _backlog;
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client has gone: nobody is left to pass anything on to.
        }
    }
}
