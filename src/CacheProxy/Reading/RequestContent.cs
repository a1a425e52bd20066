using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Reading;

/// <summary>
/// The content of a request, read ahead of the API. Until it is taken, the bytes also stay where the server put them, so that a request whose
/// content is too much is forwarded whole, although some of it was looked at.
/// </summary>
internal static class RequestContent
{
    /// <summary>The content; <c>null</c> when it is larger, is followed by trailers, or may not be asked for before the API is.</summary>
    /// <exception cref="IOException">The client left or broke the rules of HTTP.</exception>
    /// <exception cref="OperationCanceledException">The client left.</exception>
    public static async ValueTask<byte[]?> PeekAsync(HttpContext context, int maxBytes)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false })
        {
            return [];
        }

        // Who expects 100 Continue wants to hear from the API before it sends anything.
        if (request.ContentLength > maxBytes || request.Headers.Expect.Count > 0)
        {
            return null;
        }

        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > maxBytes)
            {
                reader.AdvanceTo(read.Buffer.Start);
                return null;
            }

            var content = read.IsCompleted ? read.Buffer.ToArray() : null;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            if (content is not null)
            {
                return context.Features.Get<IHttpRequestTrailersFeature>() is { Available: true, Trailers.Count: > 0 } ? null : content;
            }
        }
    }

    /// <summary>Takes the bytes that were looked at from the server.</summary>
    public static async ValueTask TakeAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        var read = await reader.ReadAsync(context.RequestAborted);
        reader.AdvanceTo(read.Buffer.End);
    }

    /// <summary>Lets every request to the API have the content from its beginning: one may follow another, in place of it or in the background.</summary>
    public static RequestDelegate Replay(byte[] content, RequestDelegate next) => context =>
    {
        context.Request.Body = new MemoryStream(content, writable: false);
        return next(context);
    };
}
