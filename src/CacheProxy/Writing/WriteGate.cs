using CacheProxy.Proxy;
using CacheProxy.Store;
using Yarp.ReverseProxy.Forwarder;

namespace CacheProxy.Writing;

/// <summary>
/// Lets the API's answer to a write through, but for its end: the client has the whole answer only after the eviction. Until then the
/// fence stands, so that a client that acts on the first bytes reads from the API.
/// </summary>
internal sealed class WriteGate(HttpContext context, WriteFence write, AffectedTargets affected) : ObservedResponseBody(context)
{
    private bool _ended;

    /// <summary>The forwarder is done: ends the write by what came of it.</summary>
    public ValueTask FinishAsync(bool threw) => EndAsync(threw ? WriteResult.Unknown : ResultOfForwarding());

    protected override void OnHeaders()
    {
    }

    protected override async ValueTask OnBytesAsync(ReadOnlyMemory<byte> bytes, bool last, CancellationToken cancellationToken)
    {
        if (last)
        {
            await EndAsync(ResultOfStatus());
        }

        await Inner.WriteAsync(bytes, cancellationToken);
    }

    protected override ValueTask OnCompletingAsync() => EndAsync(ResultOfForwarding());

    private async ValueTask EndAsync(WriteResult result)
    {
        if (_ended)
        {
            return;
        }

        _ended = true;
        if (result == WriteResult.Changed && affected.Find(Context) is { } others)
        {
            foreach (var other in others)
            {
                await write.EvictAsync(other);
            }
        }

        await write.EndAsync(result);
    }

    private WriteResult ResultOfForwarding() => Context.Features.Get<IForwarderErrorFeature>() switch
    {
        null => ResultOfStatus(),
        // The API was never reached, so nothing goes on there.
        { Error: ForwarderError.NoAvailableDestinations } => WriteResult.Changed,
        { Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } } =>
            WriteResult.Changed,
        _ => WriteResult.Unknown,
    };

    private WriteResult ResultOfStatus() => Context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound or StatusCodes.Status410Gone => WriteResult.Changed,
        >= 400 and < 500 => WriteResult.Unchanged,
        // A gateway of the API's own gave up waiting, as the forwarder does: what is behind it may still be at the write.
        StatusCodes.Status504GatewayTimeout => WriteResult.Unknown,
        _ => WriteResult.Changed,
    };
}
