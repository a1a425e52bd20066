using System.Buffers;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
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
    public static async ValueTask<bool> ReadAsync(HttpContext context, PointedTargets pointed)
    {
        var maxBytes = Math.Min(pointed.MaxBytes(PointedBody.Request), MostBytes);
        if (maxBytes > 0)
        {
            if (MissedBefore(context, maxBytes) is not { } missed)
            {
                return await ReadAsync(context, pointed, maxBytes);
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

    private static async ValueTask<bool> ReadAsync(HttpContext context, PointedTargets pointed, int maxBytes)
    {
        var request = context.Request;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync(context.RequestAborted);
            var body = read.Buffer;
            var isWhole = read.IsCompleted || body.Length == request.ContentLength;
            var isTooLarge = body.Length > maxBytes;
            if (isTooLarge)
            {
                pointed.Miss(PointedBody.Request, UnresolvedReason.TooLarge);
            }
            else if (isWhole)
            {
                pointed.Find(PointedBody.Request, body.IsSingleSegment ? body.First : body.ToArray(), request.Headers, maxBytes);
            }

            request.BodyReader.AdvanceTo(body.Start, body.End);
            if (isWhole || isTooLarge)
            {
                return isWhole;
            }
        }
    }
}
