using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Reading;

/// <summary>Reads whose content is part of the question: QUERY (RFC 10008), and POST where a policy says that it is a read.</summary>
internal sealed class ContentReadHandler(HitHandler reads, ForwardResponder forwards, HeldBodies held)
{
    private const string Destination = "Destination";

    /// <param name="context">The request; nothing names another method in its head.</param>
    /// <param name="policy">Of its route; reads by this method.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="folded">Of its headers.</param>
    /// <param name="next">The rest of the proxy pipeline.</param>
    /// <returns>False, with nothing done, for what the API may take for a write, whatever the policy says.</returns>
    public async Task<bool> TryHandleAsync(
        HttpContext context, CachePolicy policy, RouteCaching route, FoldedHeaders folded, RequestDelegate next)
    {
        var isPost = HttpMethods.IsPost(context.Request.Method);
        ForwardReason? obstacle = CacheRequestReader.TryRead(context, policy, route, folded, OverriddenMethod.None, out var read, out var reason)
            ? null
            : reason;
        if (obstacle is { } doubt && !isPost)
        {
            await forwards.ForwardAsync(context, policy, doubt, next);
            return true;
        }

        byte[]? content;
        try
        {
            content = await RequestContent.PeekAsync(context, policy.Options.MaxRequestBodyBytes);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // The client left before its request was whole: there is nothing to forward.
            context.Response.StatusCode = exception is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status400BadRequest;
            return true;
        }

        if (isPost)
        {
            if (MayWrite(context.Request, folded, obstacle, content))
            {
                return false;
            }

            // RFC 9110 §13.1: the conditions of a POST are not those of a read, and only the API can judge them.
            obstacle ??= ConditionalRequest.IsPresent(context.Request.Headers) ? ForwardReason.Precondition : null;
        }

        obstacle ??= content is null ? ForwardReason.RequestBody : null;
        if (obstacle is { } found)
        {
            await forwards.ForwardAsync(context, policy, found, next);
            return true;
        }

        await ReadAsync(read, content!, next);
        return true;
    }

    /// <summary>Whether the API may take a POST for a write, whatever the policy says.</summary>
    public static bool MayWrite(HttpRequest request, FoldedHeaders folded, ForwardReason? obstacle, byte[]? content) =>
        request.Headers.ContainsKey(Destination) || folded.ValuesFor(Destination).Count > 0
        || obstacle is ForwardReason.Path or ForwardReason.TargetOverride or ForwardReason.HeaderName
        || (MethodOverride.MayBeInBody(request)
            && (content is null
                || OverrideInContent.IsPossible(request.ContentType, request.Headers.ContentEncoding.ToString(), content)));

    private async Task ReadAsync(ReadRequest read, byte[] content, RequestDelegate next)
    {
        var counted = content.Length > HeldBodies.UncountedBytes ? content.Length : 0;
        if (!held.TryTake(counted))
        {
            await forwards.ForwardAsync(read.Context, read.Policy, ForwardReason.MemoryFull, next);
            return;
        }

        try
        {
            await RequestContent.TakeAsync(read.Context);
            var asked = ContentDigest.Compute(read.Context.Request.Method, read.Context.Request.Headers, content, read.Variants.Query);
            await reads.HandleAsync(read with { Variants = read.Variants with { Query = asked } }, RequestContent.Replay(content, next));
        }
        finally
        {
            held.GiveBack(counted);
        }
    }
}
