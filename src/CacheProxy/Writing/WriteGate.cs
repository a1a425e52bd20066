using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Writing;

/// <summary>
/// Lets the API's answer to a write through, but for its end: the client has the whole answer only after the eviction. Until then the
/// fence stands, so that a client that acts on the first bytes reads from the API. Where it may have fallen, it is set again before the
/// answer's head goes out. Not a byte goes out, its head included, before the replicas that held what is written serve it no more.
/// </summary>
internal sealed class WriteGate(
    HttpContext context, WriteFence write, AffectedTargets affected, UpstreamSending sending, HeldAnswer? answer = null)
    : ObservedResponseBody(context)
{
    private bool _isHolding;
    private bool _ended;
    private WriteResult? _ofHead;
    private bool _isRefused;
    private int _forwardStatus;
    private IHttpUpgradeFeature? _upgrade;

    /// <summary>What the forwarding came to; known when it has ended.</summary>
    public WriteResult Result { get; private set; } = WriteResult.Unknown;

    public override void Install()
    {
        base.Install();
        if (Context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } upgrade)
        {
            _upgrade = upgrade;
            Context.Features.Set<IHttpUpgradeFeature>(new GatedUpgrade(this, upgrade));
        }
    }

    public override void Remove()
    {
        base.Remove();
        if (_upgrade is not null)
        {
            Context.Features.Set(_upgrade);
        }
    }

    /// <summary>The forwarder is done: ends the write by what came of it.</summary>
    public async ValueTask FinishAsync(bool threw)
    {
        if (answer is not null)
        {
            SeeHeaders();
        }

        var result = threw ? WriteResult.Unknown : ResultOfForwarding();
        await EndAsync(result);
        if (_isRefused)
        {
            Refuse();
        }
        else if (_isHolding && result == WriteResult.Changed)
        {
            await LetGoAsync();
        }
    }

    protected override void OnHeaders() =>
        IsWithheld = _isHolding = answer is not null && ResultOfStatus() == WriteResult.Changed && answer.TryBegin(Context.Response);

    protected override async ValueTask OnStartingAsync(CancellationToken cancellationToken)
    {
        if (!_isHolding)
        {
            await PassHeadAsync();
        }
    }

    protected override async Task OnFlushAsync(CancellationToken cancellationToken)
    {
        await PassHeadAsync();
        await base.OnFlushAsync(cancellationToken);
    }

    protected override async ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken)
    {
        var isKept = _isHolding && answer!.TryAdd(bytes.Span);
        if (isKept && !last)
        {
            return;
        }

        await PassHeadAsync(isWhole: last);
        if (!isKept)
        {
            await LetGoAsync();
        }

        if (last)
        {
            await EndAsync(ResultOfStatus());
            ThrowIfRefused();
        }

        await (isKept ? LetGoAsync() : Inner.WriteAsync(bytes, cancellationToken));
    }

    protected override async ValueTask OnCompletingAsync()
    {
        var result = ResultOfForwarding();
        await EndAsync(result);
        if (!_isRefused && result == WriteResult.Changed)
        {
            await LetGoAsync();
        }
    }

    // What was held back goes out: all is evicted that it names, or it became too much.
    private async ValueTask LetGoAsync()
    {
        if (_isHolding)
        {
            IsWithheld = _isHolding = false;
            await answer!.WriteAsync(Context, Inner);
        }
    }

    // Without its fence others may have stored what the write replaces, after the API was asked and before it acted.
    private async ValueTask PassHeadAsync(bool isWhole = false)
    {
        if (_ofHead is null)
        {
            _ofHead = ResultOfStatus();
            if (_ofHead == WriteResult.Changed && !write.IsStanding && !await write.TryStandAsync(Context.RequestAborted))
            {
                await EndAsync(WriteResult.Changed);
            }

            if (_ofHead == WriteResult.Changed && !isWhole && !_ended)
            {
                await write.EvictUnfencedAsync();
                await EvictAffectedAsync();
                RefuseUnless(await write.AreHoldersThroughAsync(Context.RequestAborted));
            }
        }

        ThrowIfRefused();
    }

    private async ValueTask EndAsync(WriteResult result)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        Result = result;
        _forwardStatus = Context.Response.StatusCode;
        if (result == WriteResult.Changed)
        {
            await EvictAffectedAsync();
            if (_isHolding)
            {
                await write.EvictAsync(answer!.Read(Context.Response));
            }
        }

        await write.EndAsync(result);
        if (result == WriteResult.Changed)
        {
            RefuseUnless(await write.IsThroughAsync(Context.RequestAborted));
        }
    }

    // Nothing fences these. Where the head goes out first, a client that acts on it finds none of them; what was filled since goes at the end.
    private async ValueTask EvictAffectedAsync()
    {
        if (affected.Find(Context) is { } others)
        {
            foreach (var other in others)
            {
                await write.EvictAsync(other);
            }
        }
    }

    private void RefuseUnless(bool isThrough)
    {
        if (!isThrough)
        {
            _isRefused = true;
            IsWithheld = true;
        }
    }

    private void ThrowIfRefused()
    {
        if (_isRefused)
        {
            // The forwarder gives the rest of the answer up.
            throw new IOException("The answer is withheld: its eviction has not reached the store.");
        }
    }

    /// <summary>
    /// A strict policy acknowledges no write after which somebody may still read what it replaced. The API has carried it out: nothing invites
    /// the client to send it again.
    /// </summary>
    public static void Refuse(HttpResponse response, int forwardStatus)
    {
        response.Clear();
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        new CacheStatus(Forward: CacheStatusForward.Method, ForwardStatus: forwardStatus, Detail: CacheStatusDetails.EvictionOutstanding)
            .AppendTo(response.Headers);
    }

    private void Refuse()
    {
        if (Context.Response.HasStarted)
        {
            Context.Abort();
            return;
        }

        Refuse(Context.Response, _forwardStatus);
    }

    private WriteResult ResultOfForwarding() => Context.Features.Get<IForwarderErrorFeature>() switch
    {
        null => ResultOfStatus(),
        // Nothing left this process, and nothing will: the API cannot have acted on it.
        _ when !sending.HasBegun => WriteResult.Unchanged,
        // What the API has said of it stays said, although the client has left before it had heard all.
        _ when _ofHead == WriteResult.Unchanged => WriteResult.Unchanged,
        _ => WriteResult.Unknown,
    };

    private WriteResult ResultOfStatus() => Context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound or StatusCodes.Status410Gone => WriteResult.Changed,
        // The words of a gateway of the API's own that gave up waiting, as the forwarder does: what is behind it may still be at the
        // write. Those from 520 on and 499 are not registered, but in wide use.
        StatusCodes.Status408RequestTimeout or StatusCodes.Status499ClientClosedRequest
            or StatusCodes.Status502BadGateway or StatusCodes.Status503ServiceUnavailable or StatusCodes.Status504GatewayTimeout
            or >= 520 => WriteResult.Unknown,
        >= 400 and < 500 => WriteResult.Unchanged,
        _ => WriteResult.Changed,
    };

    /// <summary>The head of an answer that switches protocols goes out with the upgrade.</summary>
    private sealed class GatedUpgrade(WriteGate gate, IHttpUpgradeFeature inner) : IHttpUpgradeFeature
    {
        public bool IsUpgradableRequest => inner.IsUpgradableRequest;

        public async Task<Stream> UpgradeAsync()
        {
            await gate.PassHeadAsync();
            return await inner.UpgradeAsync();
        }
    }
}
