using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Writing;

/// <summary>
/// The API's answer to a write, held back while it is read for pointers: no fence stands for what they lead to, so that it is evicted
/// before the client sees anything of the answer.
/// </summary>
internal sealed class HeldAnswer(PointedTargets pointed, HeldBodies held, ClientWriter writer) : IDisposable
{
    private readonly int _maxBytes = pointed.MaxBytes(PointedBody.Response);
    private BodyCopy? _copy;

    private ReadOnlyMemory<byte> Bytes => _copy?.Bytes ?? default;

    /// <summary>Whether the answer is held back from here on. Its head is there.</summary>
    public bool TryBegin(HttpResponse response)
    {
        if (_maxBytes == 0)
        {
            return false;
        }

        var missed = !CanHaveBody(response) ? UnresolvedReason.Absent
            : !JsonBody.IsJson(response.ContentType) ? UnresolvedReason.NotJson
            : response.ContentLength > _maxBytes ? UnresolvedReason.TooLarge
            : (_copy = BodyCopy.TryBegin(response.ContentLength, _maxBytes, held)) is null ? UnresolvedReason.MemoryFull
            : (UnresolvedReason?)null;
        if (missed is { } reason)
        {
            pointed.Miss(PointedBody.Response, reason);
        }

        return missed is null;
    }

    /// <summary>Keeps what comes next; false when it is too much, and nothing is held back any more.</summary>
    public bool TryAdd(ReadOnlySpan<byte> bytes)
    {
        var reason = Bytes.Length + (long)bytes.Length > _maxBytes ? UnresolvedReason.TooLarge : UnresolvedReason.MemoryFull;
        if (_copy!.TryAppend(bytes, out _, keepsOutgrown: false))
        {
            return true;
        }

        pointed.Miss(PointedBody.Response, reason);
        return false;
    }

    /// <summary>What the whole answer names and was not known before.</summary>
    public EvictionTarget[] Read(HttpResponse response) => pointed.Find(PointedBody.Response, Bytes, response.Headers, _maxBytes);

    /// <summary>Writes to the client what has been held back so far.</summary>
    public Task WriteAsync(HttpContext context, Stream client) => Bytes.IsEmpty ? Task.CompletedTask : writer.WriteAsync(context, client, Bytes);

    public void Dispose() => _copy?.Dispose();

    private static bool CanHaveBody(HttpResponse response) => response.ContentLength != 0
        && response.StatusCode is not (StatusCodes.Status101SwitchingProtocols or StatusCodes.Status204NoContent
            or StatusCodes.Status205ResetContent or StatusCodes.Status304NotModified);
}
