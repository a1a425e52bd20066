using Microsoft.AspNetCore.Http.Features;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>
/// Sends path and query to the API in the bytes that the client sent. YARP alone decodes and encodes again, which turns
/// <c>%2F</c> into <c>%252F</c> and <c>%41</c> into <c>A</c>. A route whose own transforms change the path or the query keeps
/// the target that YARP builds from them.
/// </summary>
internal sealed class RawTargetTransform : RequestTransform
{
    private static readonly UriCreationOptions AsSent = new() { DangerousDisablePathAndQueryCanonicalization = true };

    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        if (context.ProxyRequest.RequestUri is not null || !IsAsSent(context))
        {
            return default;
        }

        var rawTarget = context.HttpContext.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (rawTarget.Contains('\r'))
        {
            // RFC 9112, 2.2: a bare CR makes the element invalid. An API that takes it for the end of the line would see another request.
            context.HttpContext.Response.StatusCode = StatusCodes.Status400BadRequest;
            return default;
        }

        context.ProxyRequest.RequestUri = TryCombine(context.DestinationPrefix, rawTarget);
        return default;
    }

    /// <summary>The address to ask; null where the target has no path (<c>*</c>, an authority alone): YARP then chooses one.</summary>
    internal static Uri? TryCombine(string destinationPrefix, string rawTarget)
    {
        var start = StartOfPathAndQuery(rawTarget);
        if (start < 0)
        {
            return null;
        }

        var pathAndQuery = rawTarget.AsSpan(start);
        var prefix = destinationPrefix.EndsWith('/') ? destinationPrefix.AsSpan(0, destinationPrefix.Length - 1) : destinationPrefix;
        // An absolute-form target may have an empty path, which is the root (RFC 9110, 4.2.3).
        var slash = pathAndQuery.StartsWith('/') ? "" : "/";
        return Uri.TryCreate(string.Concat(prefix, slash, pathAndQuery), AsSent, out var address) ? address : null;
    }

    private static int StartOfPathAndQuery(string rawTarget)
    {
        if (rawTarget.StartsWith('/'))
        {
            return 0;
        }

        var schemeEnd = rawTarget.IndexOf("://", StringComparison.Ordinal);
        if (schemeEnd < 0)
        {
            return -1;
        }

        var authority = schemeEnd + 3;
        var authorityLength = rawTarget.AsSpan(authority).IndexOfAny('/', '?');
        return authorityLength < 0 ? rawTarget.Length : authority + authorityLength;
    }

    // PathString compares without case; a transform that changes only the case has still changed the path.
    private static bool IsAsSent(RequestTransformContext context)
    {
        var request = context.HttpContext.Request;
        return !request.PathBase.HasValue
            && string.Equals(context.Path.Value, request.Path.Value, StringComparison.Ordinal)
            && string.Equals(context.Query.QueryString.Value, request.QueryString.Value, StringComparison.Ordinal);
    }
}
