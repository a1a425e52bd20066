using System.Runtime.CompilerServices;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Filling;

/// <summary>
/// One fill under its lease: forwards the request, decides by the headers of the answer what becomes of it, streams it to the client,
/// stores it, and says what is left to do. Its end is on its way to the store before the client has the last byte, but the client does
/// not wait for the store's reply: its next request, should it come sooner, finds the flight and waits there, or a store that has the
/// entry. The client's pace holds up neither the API nor those who wait for the same answer.
/// </summary>
internal sealed partial class Fill(
    FillServices services, CacheRequest request, LookUpResult prior, CacheStatusForward reason, Flight flight, FillLease lease)
    : ObservedResponseBody(request.Context)
{
    private readonly UpstreamFraming _framing = new();
    private readonly ClientConditions _conditions = ClientConditions.Replace(request.Context.Request.Headers, ValidatorsFor(request, prior));
    private readonly ClientBacklog _client = new(services.Writer, request.Context);
    private readonly DependencyWatch? _dependencies = services.Dependencies.Begin(request.Policy);
    private readonly long _requestTimeMs = services.Time.GetUtcNow().ToUnixTimeMilliseconds();
    private readonly long _began = services.Time.GetTimestamp();
    private FillTags? _tags;
    private FillDecision _decision = new(FillOutcomeKind.Answered, null, null, "");
    private FillResult? _storable;
    private BodyCopy? _copy;
    private bool _isCopying;
    private StoredResponse? _freshened;
    private int? _forwardStatus;
    private FlightResult _withoutResult = FlightResult.Forward;
    private bool _mustEvict;
    private bool _isStored;
    private bool _isBeingStored;
    private bool _isOver;
    private Task _ending = Task.CompletedTask;
    private Task? _abandoning;

    private long NowMs => services.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Runs the fill from the forwarding to the storing, and lands its flight.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<FillOutcome> RunAsync(RequestDelegate next)
    {
        var clientGone = Context.RequestAborted;
        // The client's going away must not cut off those who wait for the same answer.
        Context.RequestAborted = flight.Abandoned;
        await using var registration = clientGone.UnsafeRegister(static state => ((Flight)state!).LeaderLeft(), flight);
        Context.Features.Set(_framing);
        Install();
        try
        {
            _tags = await FillTags.BeginAsync(services, request);
            await next(Context);
            SeeHeaders();
            await OnCompletingAsync();
        }
        finally
        {
            Remove();
            Context.RequestAborted = clientGone;
            _conditions.Restore();
            try
            {
                await _ending;
                _copy?.Dispose();
                await AbandonAsync();
            }
            finally
            {
                services.Flights.Land(flight);
            }
        }

        return Outcome();
    }

    protected override void OnHeaders()
    {
        var response = Context.Response;
        var failed = Context.Features.Get<IForwarderErrorFeature>() is not null;
        _forwardStatus = failed ? null : response.StatusCode;
        _decision = failed
            ? FillDecision.OfFailure(request, prior, services.Cache.NowMs)
            : FillDecision.Of(request, prior, _framing, _requestTimeMs, NowMs, services.Cache.NowMs);
        _storable = _decision.Storable;
        // A request that was cut off because nobody wanted its answer says nothing of the API.
        if (response.StatusCode >= 500 && !flight.Abandoned.IsCancellationRequested)
        {
            _withoutResult = FlightResult.Failed(_forwardStatus);
        }

        IsWithheld = _decision.Kind != FillOutcomeKind.Answered;
        if (IsWithheld)
        {
            return;
        }

        var storing = BeginCopy();
        if (!storing)
        {
            _mustEvict = prior.Response is not null && FillDecision.EndsWhatIsStored(_forwardStatus, request.Policy.Options.Credentials);
            GiveUp();
        }

        new CacheStatus(
            Forward: reason,
            ForwardStatus: _forwardStatus,
            Stored: storing,
            Detail: _decision.Detail.Length == 0 ? flight.Detail : _decision.Detail).AppendTo(response.Headers);
        // The client's own conditions were kept from the API so that a whole response could be stored; they are answered here.
        if (storing && _conditions.AreMetBy(response, NowMs))
        {
            NotModifiedResponse.Make(response);
            IsWithheld = true;
        }
    }

    /// <summary>Whether the answer is to be stored, and there is room for a copy of it.</summary>
    private bool BeginCopy()
    {
        if (_storable is null)
        {
            return false;
        }

        var mayStore = services.Quotas.MayStore(request, prior);
        _copy = mayStore ? BodyCopy.TryBegin(DeclaredLength, request.Policy.Options.MaxBodyBytes, services.Held) : null;
        _isCopying = _copy is not null;
        if (!_isCopying)
        {
            (_storable, _decision) = (null, _decision with { Detail = mayStore ? CacheStatusDetails.MemoryFull : CacheStatusDetails.TenantQuota });
        }

        return _isCopying;
    }

    protected override ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken)
    {
        if (!_isCopying || !_copy!.TryAppend(bytes.Span, out var slice, keepsOutgrown: !_client.Written.IsCompleted))
        {
            return PassUncopiedAsync(bytes, cancellationToken);
        }

        if (last)
        {
            _ending = EndAsync();
        }

        if (!IsWithheld)
        {
            _client.Pass(slice);
        }

        return default;
    }

    protected override Task OnFlushAsync(CancellationToken cancellationToken) =>
        _client.Written.IsCompleted ? base.OnFlushAsync(cancellationToken) : Task.CompletedTask;

    protected override async ValueTask OnCompletingAsync()
    {
        await EvictAsync();
        if (_ending.IsCompleted)
        {
            _ending = EndAsync();
        }

        // Where the end is a message of its own, as that of a chunked body, it goes out before the store has replied, too.
        await _client.DrainAsync(ends: _isBeingStored && !_ending.IsCompleted && !IsWithheld);
        await _ending;
    }

    private async ValueTask PassUncopiedAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await EvictAsync();
        if (_isCopying)
        {
            _isCopying = false;
            _storable = null;
            GiveUp();
            await _client.Written;
            _copy!.Dispose();
        }

        if (IsWithheld)
        {
            return;
        }

        if (prior.Response is { Body.Length: > HeldBodies.UncountedBytes })
        {
            // What it was to replace stays in memory for as long as the client takes.
            await services.Writer.WriteAsync(Context, Inner, bytes);
        }
        else
        {
            await Inner.WriteAsync(bytes, cancellationToken);
        }
    }

    /// <summary>The API has sent all that it will send: stores what is complete, gives up what is not.</summary>
    private Task EndAsync() =>
        _isOver || _storable is not { } storable ? Task.CompletedTask
        : _copy is null || IsComplete() ? StoreAsync(storable, request.Policy.Options.AdaptiveTtl)
        : AbandonAsync();

    private bool IsComplete() =>
        Context.Features.Get<IForwarderErrorFeature>() is null && (HasDeclaredEnd || (DeclaredLength is null && _framing.IsDelimited));

    /// <summary>The one place that stores. What was stored is shared with those who wait.</summary>
    private async Task StoreAsync(FillResult result)
    {
        var response = result.Response with { Body = _copy?.Bytes ?? result.Response.Body, ResponseTimeMs = services.Cache.NowMs };
        result = BodyFreshness.Apply(request.Policy, result with { Response = response });
        response = result.Response;
        _freshened = response;
        if (result.Retention <= TimeSpan.Zero)
        {
            await AbandonAsync();
            return;
        }

        (_isOver, _isBeingStored) = (true, true);
        flight.Seal();
        var stored = await FillTags.CompleteAsync(_tags, services, request, lease, result, _framing, _dependencies, _began);
        _isStored = stored is not null;
        if (_isStored)
        {
            services.Quotas.Stored(request, result);
            services.Events.Cached(request.Policy.Events, request.Tenant, request.Id);
            services.Hot.Filled(request, result);
        }

        flight.Finish(stored is not null ? FlightResult.Shared(stored, result.Variant, result.Vary) : FlightResult.Forward);
    }

    /// <summary>Those who wait go to the API at once; in other replicas, too, where they wait for this lease.</summary>
    private void GiveUp()
    {
        flight.Finish(_withoutResult);
        if (lease.Exclusive && !_isOver)
        {
            _abandoning ??= GiveBackAsync();
        }
    }

    private async Task AbandonAsync()
    {
        if (!_isOver)
        {
            services.Refusals.NotStored(request, Shortfall(), _forwardStatus);
            GiveUp();
            _isOver = true;
            await (_abandoning ?? GiveBackAsync());
        }
    }

    private string Shortfall() =>
        _decision is { Kind: FillOutcomeKind.Answered, Detail: { Length: > 0 } detail } ? detail : "incomplete";

    private Task GiveBackAsync() => services.Cache.AbandonFillAsync(request.Key, lease, request.Budget).AsTask();

    /// <summary>
    /// The API says that what is stored exists no more, or not for this client: from now on it stands in for nothing, not even for an
    /// error.
    /// </summary>
    private async ValueTask EvictAsync()
    {
        if (_mustEvict)
        {
            _mustEvict = false;
            if (await services.Cache.EvictAsync(request.Key, lease.Token, request.Budget, request.Policy.HasDependents) == StoreOutcome.Done)
            {
                services.Events.Invalidated(request.Policy.Events, request.Tenant, request.Id);
            }
        }
    }

    private FillOutcome Outcome()
    {
        if (_decision.Kind == FillOutcomeKind.Answered)
        {
            return FillOutcome.Answered;
        }

        ForwardResponder.Reset(Context.Response);
        var status = new CacheStatus(
            Forward: reason,
            ForwardStatus: _forwardStatus,
            Stored: _isStored,
            Detail: _decision.Detail.Length == 0 ? _dependencies?.Shortfall ?? flight.Detail : _decision.Detail);
        return _decision.Stored is { } stored ? FillOutcome.Serve(_freshened ?? stored, status) : FillOutcome.WithoutPrior;
    }

    // RFC 9110 §13.1.2: a POST with If-None-Match is not answered by 304 but by 412.
    private static Validators ValidatorsFor(CacheRequest request, in LookUpResult prior) =>
        prior.Response is { } stored && !HttpMethods.IsPost(request.Context.Request.Method) ? Validators.Of(new ResponseHeaders(stored.Headers)) : default;
}
