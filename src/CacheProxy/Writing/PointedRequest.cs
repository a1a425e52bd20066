using System.Buffers;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Writing;

/// <summary>
/// Reads the body of a write for the pointers into it before the API is asked, so that the fence stands by then. The bytes stay where the
/// server put them, and the forwarder finds them there.
/// </summary>
internal static class PointedRequest
{
    /// <summary>As much as the server keeps of a body that the API does not read.</summary>
    private const int MostBytes = 1024 * 1024;

    /// <summary>Finds what the body names. False when there is or may be a part of the body that is not here yet.</summary>
    /// <exception cref="IOException">The client left or broke the rules of HTTP.</exception>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public static async ValueTask<bool> ReadAsync(HttpContext context, PointedTargets pointed, HeldBodies held)
    {
        var maxBytes = Math.Min(pointed.MaxBytes(PointedBody.Request), MostBytes);
        if (maxBytes > 0)
        {
            if (MissedBefore(context, maxBytes) is not { } missed)
            {
                return await ReadAsync(context, pointed, maxBytes, held);
            }

            pointed.Miss(PointedBody.Request, missed);
        }

        return await WriteBody.TryReadAheadAsync(context);
    }

    private static UnresolvedReason? MissedBefore(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (request.ContentLength == 0 || context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return UnresolvedReason.Absent;
        }

        return !JsonBody.IsJson(request.ContentType) ? UnresolvedReason.NotJson
            : request.ContentLength > maxBytes ? UnresolvedReason.TooLarge
            : null;
    }

    private static async ValueTask<bool> ReadAsync(HttpContext context, PointedTargets pointed, int maxBytes, HeldBodies held)
    {
        var request = context.Request;
        var taken = 0L;
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(context.RequestAborted);
                var body = read.Buffer;
                var isWhole = read.IsCompleted || body.Length == request.ContentLength;
                // Many who send the rest of a body slowly must not fill the memory with what is there.
                var more = Math.Max(0, body.Length - WriteBody.MaxAheadBytes - taken);
                var missed = body.Length > maxBytes ? UnresolvedReason.TooLarge
                    : isWhole || more == 0 || held.TryTake(more) ? (UnresolvedReason?)null
                    : UnresolvedReason.MemoryFull;
                if (missed is { } reason)
                {
                    pointed.Miss(PointedBody.Request, reason);
                }
                else if (isWhole)
                {
                    pointed.Find(PointedBody.Request, body.IsSingleSegment ? body.First : body.ToArray(), request.Headers, maxBytes);
                }
                else
                {
                    taken += more;
                }

                request.BodyReader.AdvanceTo(body.Start, body.End);
                if (isWhole || missed is not null)
                {
                    return isWhole;
                }
            }
        }
        finally
        {
            held.GiveBack(taken);
        }
    }
}
