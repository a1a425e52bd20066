using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Filling;

/// <summary>
/// One fill under its lease: forwards the request, decides by the headers of the answer what becomes of it, streams it to the client,
/// stores it, and says what is left to do. It is stored before the client has the last byte, so that the client's next request is a
/// hit; and the client's pace holds up neither the API nor those who wait for the same answer.
/// </summary>
internal sealed class Fill : ObservedResponseBody
{
    private readonly ResourceCache _cache;
    private readonly CacheEventLog _events;
    private readonly CacheMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly CacheRequest _request;
    private readonly LookUpResult _prior;
    private readonly CacheStatusForward _reason;
    private readonly Flight _flight;
    private readonly FillLease _lease;
    private readonly UpstreamFraming _framing = new();
    private readonly ClientConditions _conditions;
    private readonly ClientBacklog _client;
    private readonly long _requestTimeMs;
    private FillDecision _decision = new(FillOutcomeKind.Answered, null, null, "");
    private FillResult? _storable;
    private BodyCopy? _copy;
    private StoredResponse? _freshened;
    private int? _forwardStatus;
    private bool _mustEvict;
    private bool _isStored;
    private bool _isOver;
    private Task? _abandoning;

    public Fill(
        ResourceCache cache,
        CacheEventLog events,
        CacheMetrics metrics,
        TimeProvider time,
        CacheRequest request,
        in LookUpResult prior,
        CacheStatusForward reason,
        Flight flight,
        FillLease lease)
        : base(request.Context)
    {
        _cache = cache;
        _events = events;
        _metrics = metrics;
        _time = time;
        _request = request;
        _prior = prior;
        _reason = reason;
        _flight = flight;
        _lease = lease;
        _client = new ClientBacklog(Inner);
        _conditions = ClientConditions.Replace(Context.Request.Headers, ValidatorsOf(prior));
        _requestTimeMs = NowMs;
        Context.Features.Set(_framing);
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Runs the fill from the forwarding to the storing.</summary>
    public async Task<FillOutcome> RunAsync(RequestDelegate next)
    {
        var clientGone = Context.RequestAborted;
        // The client's going away must not cut off those who wait for the same answer.
        Context.RequestAborted = _flight.Abandoned;
        await using var registration = clientGone.UnsafeRegister(static state => ((Flight)state!).LeaderLeft(), _flight);
        Install();
        try
        {
            await next(Context);
            SeeHeaders();
            await OnCompletingAsync();
        }
        finally
        {
            Remove();
            Context.RequestAborted = clientGone;
            _conditions.Restore();
            await AbandonAsync();
        }

        return Outcome();
    }

    protected override void OnHeaders()
    {
        var response = Context.Response;
        var failed = Context.Features.Get<IForwarderErrorFeature>() is not null;
        _forwardStatus = failed ? null : response.StatusCode;
        _decision = failed
            ? FillDecision.OfFailure(_request, _prior, _cache.NowMs)
            : FillDecision.Of(_request, _prior, _framing, _requestTimeMs, NowMs, _cache.NowMs);
        _storable = _decision.Storable;
        IsWithheld = _decision.Kind != FillOutcomeKind.Answered;
        if (IsWithheld)
        {
            return;
        }

        var storing = _storable is not null;
        if (storing)
        {
            _copy = new BodyCopy(DeclaredLength, _request.Policy.Options.MaxBodyBytes);
        }
        else
        {
            _mustEvict = _prior.Response is not null && FillDecision.EndsWhatIsStored(_forwardStatus, _request.Policy.Options.Credentials);
            GiveUp();
        }

        new CacheStatus(
            Forward: _reason,
            ForwardStatus: _forwardStatus,
            Stored: storing,
            Detail: _decision.Detail.Length == 0 ? null : _decision.Detail).AppendTo(response.Headers);
        // The client's own conditions were kept from the API so that a whole response could be stored; they are answered here.
        if (storing && _conditions.AreMetBy(response, NowMs))
        {
            NotModifiedResponse.Make(response);
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
            _client.Pass(slice);
        }
    }

    protected override Task OnFlushAsync(CancellationToken cancellationToken) =>
        _client.Written.IsCompleted ? base.OnFlushAsync(cancellationToken) : Task.CompletedTask;

    protected override async ValueTask OnCompletingAsync()
    {
        await EvictAsync();
        await EndAsync();
        await _client.DrainAsync();
    }

    private async ValueTask PassUncopiedAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_copy is not null)
        {
            _copy = null;
            _storable = null;
            GiveUp();
        }

        if (!IsWithheld)
        {
            await _client.Written;
            await Inner.WriteAsync(bytes, cancellationToken);
        }
    }

    /// <summary>The API has sent all that it will send: stores what is complete, gives up what is not.</summary>
    private async ValueTask EndAsync()
    {
        if (_isOver || _storable is not { } storable)
        {
            return;
        }

        if (_copy is { } copy)
        {
            if (!IsComplete())
            {
                await AbandonAsync();
                return;
            }

            storable = storable with { Response = storable.Response with { Body = copy.Bytes } };
        }

        await StoreAsync(storable with { Response = storable.Response with { ResponseTimeMs = _cache.NowMs } });
    }

    private bool IsComplete() =>
        Context.Features.Get<IForwarderErrorFeature>() is null && (HasDeclaredEnd || (DeclaredLength is null && _framing.IsDelimited));

    /// <summary>The one place that stores. What was stored is shared with those who wait.</summary>
    private async ValueTask StoreAsync(FillResult result)
    {
        _freshened = result.Response;
        if (result.Retention <= TimeSpan.Zero)
        {
            await AbandonAsync();
            return;
        }

        _isOver = true;
        _flight.Seal();
        var outcome = await _cache.CompleteFillAsync(_request.Key, _lease, result, _request.Budget);
        _metrics.Fill(_request.Policy.Name, outcome);
        _isStored = outcome == CompleteFillOutcome.Stored;
        if (_isStored)
        {
            _events.Cached(_request.Policy.Events, _request.Tenant, _request.Id);
        }

        _flight.Finish(_isStored ? FlightResult.Shared(result.Response, result.Variant, result.Vary) : FlightResult.Forward);
    }

    /// <summary>Those who wait go to the API at once; in other replicas, too, where they wait for this lease.</summary>
    private void GiveUp()
    {
        _flight.Finish(FlightResult.Forward);
        if (_lease.Exclusive && !_isOver)
        {
            _abandoning ??= GiveBackAsync();
        }
    }

    private async ValueTask AbandonAsync()
    {
        if (!_isOver)
        {
            _metrics.Fill(_request.Policy.Name, Shortfall());
            GiveUp();
            _isOver = true;
            await (_abandoning ?? GiveBackAsync());
        }
    }

    private string Shortfall() =>
        _decision is { Kind: FillOutcomeKind.Answered, Detail: { Length: > 0 } detail } ? detail : "incomplete";

    private Task GiveBackAsync() => _cache.AbandonFillAsync(_request.Key, _lease, _request.Budget).AsTask();

    /// <summary>
    /// The API says that what is stored exists no more, or not for this client: from now on it stands in for nothing, not even for an
    /// error.
    /// </summary>
    private async ValueTask EvictAsync()
    {
        if (_mustEvict)
        {
            _mustEvict = false;
            if (await _cache.EvictAsync(_request.Key, _lease.Token, _request.Budget) == StoreOutcome.Done)
            {
                _events.Invalidated(_request.Policy.Events, _request.Tenant, _request.Id);
            }
        }
    }

    private FillOutcome Outcome()
    {
        if (_decision.Kind == FillOutcomeKind.Answered)
        {
            return FillOutcome.Answered;
        }

        Reset(Context.Response);
        var status = new CacheStatus(
            Forward: _reason,
            ForwardStatus: _forwardStatus,
            Stored: _isStored,
            Detail: _decision.Detail.Length == 0 ? null : _decision.Detail);
        return _decision.Stored is { } stored ? FillOutcome.Serve(_freshened ?? stored, status) : FillOutcome.WithoutPrior;
    }

    // What the forwarder has set so far belongs to an answer that the client does not get.
    private static void Reset(HttpResponse response)
    {
        var cookies = response.Headers.SetCookie;
        response.Headers.Clear();
        // A cookie is meant for this client, whatever becomes of the rest.
        response.Headers.SetCookie = cookies;
        response.StatusCode = StatusCodes.Status200OK;
    }

    private static Validators ValidatorsOf(in LookUpResult prior) =>
        prior.Response is { } stored ? Validators.Of(new ResponseHeaders(stored.Headers)) : default;
}
