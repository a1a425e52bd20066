using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Reading;
using CacheProxy.Store;
using CacheProxy.Warming;
using CacheProxy.Writing;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Management.Explaining;

/// <summary>
/// Takes a request that nobody has made through the routing, the reading and the judgements that clients' requests go through. Nothing is
/// forwarded, stored, leased, evicted, counted or learned.
/// </summary>
internal sealed class Explainer(WarmPipeline pipeline, ResourceCache cache, HeldBodies held, RefusalSamples refusals, IServiceProvider services)
{
    // Beyond, a write's resources are named without what is stored of them.
    private const int MostTargetsInspected = 16;

    public async Task<Explanation> ExplainAsync(HttpContext context)
    {
        await pipeline.RouteAsync(context, services);
        if (context.GetEndpoint() is not { } endpoint)
        {
            return new Explanation { Context = context, Outcome = ExplainedOutcome.Unrouted, Summary = "Answered 404: no route takes the request." };
        }

        var explanation = new Explanation
        {
            Context = context,
            Route = endpoint.Metadata.GetMetadata<RouteModel>()?.Config.RouteId,
            Caching = endpoint.Metadata.GetMetadata<RouteCaching>() is { } route ? route with { Rules = route.Rules.Uncounted } : null,
            Outcome = ExplainedOutcome.Pass,
            Summary = "Forwarded as if there were no cache: the route has no policy and evicts nothing.",
        };
        return explanation.Caching is { } caching ? WithLately(await ExplainAsync(explanation, caching)) : explanation;
    }

    private Explanation WithLately(Explanation explanation)
    {
        var lately = LateReason.Of(refusals, explanation.Policy, explanation.Context.Request.Path.Value);
        var unstored = explanation.Outcome == ExplainedOutcome.Fill
            ? Array.Find(lately, static late => late is { IsOfPath: true, Reason.Kind: RefusalKind.NotStored }).Reason
            : null;
        return explanation with
        {
            Lately = lately,
            Summary = unstored is null
                ? explanation.Summary
                : $"{explanation.Summary} An answer to this path was not stored: {ReasonText.OfNotStored(unstored.Reason).Text} ({unstored.Reason}).",
        };
    }

    private async Task<Explanation> ExplainAsync(Explanation explanation, RouteCaching route)
    {
        var request = explanation.Context.Request;
        var folded = FoldedHeaders.Of(request.Headers);
        var overridden = MethodOverride.Find(request.Headers, request.QueryString, folded);
        return RequestWays.Of(explanation.Context, route, overridden) switch
        {
            RequestWay.Pass when route.Policy is null => explanation,
            RequestWay.Pass => explanation with
            {
                Summary = "Forwarded as if there were no cache: the policy's mode is Off, and its key has no route value, so that not even Cache-Status says so.",
            },
            RequestWay.Read => await ExplainReadAsync(explanation, route, folded, overridden),
            RequestWay.ReadContent => await ExplainContentReadAsync(explanation, route, folded),
            RequestWay.Write => await ExplainWriteAsync(explanation, route, request.Method),
            RequestWay.WriteByAnyMethod => await ExplainWriteAsync(explanation, route, method: null),
            RequestWay.ForwardUpgrade => Forwarded(explanation, ForwardReason.Upgrade),
            RequestWay.ForwardMethod => Forwarded(explanation, ForwardReason.Method),
        };
    }

    private async Task<Explanation> ExplainReadAsync(Explanation explanation, RouteCaching route, FoldedHeaders folded, OverriddenMethod overridden) =>
        CacheRequestReader.TryRead(explanation.Context, route.Reads!, route, folded, overridden, out var read, out var reason)
            ? await ExplainLookUpAsync(explanation, read)
            : Forwarded(explanation, reason);

    private async Task<Explanation> ExplainContentReadAsync(Explanation explanation, RouteCaching route, FoldedHeaders folded)
    {
        var request = explanation.Context.Request;
        var policy = route.Reads!;
        ForwardReason? obstacle = CacheRequestReader.TryRead(explanation.Context, policy, route, folded, OverriddenMethod.None, out var read, out var reason)
            ? null
            : reason;
        var hasContent = request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;
        if (HttpMethods.IsPost(request.Method))
        {
            if (ContentReadHandler.MayWrite(request, folded, obstacle, hasContent ? null : []))
            {
                return hasContent && MethodOverride.MayBeInBody(request)
                    ? OfUnknownContent(explanation, "A read, or a write if a field of its content may name another method: the content decides.")
                    : await ExplainWriteAsync(explanation, route, MethodOverride.MayBeInBody(request) ? null : request.Method);
            }

            obstacle ??= ConditionalRequest.IsPresent(request.Headers) ? ForwardReason.Precondition : null;
        }

        obstacle ??= hasContent && (request.ContentLength > policy.Options.MaxRequestBodyBytes || request.Headers.Expect.Count > 0) ? ForwardReason.RequestBody : null;
        if (obstacle is { } doubt)
        {
            return Forwarded(explanation, doubt);
        }

        if (hasContent)
        {
            return OfUnknownContent(
                explanation with { Read = CacheRequest.Of(read, new StoreTimeoutBudget(read.StoreTimeout)), Seen = await InspectAsync(read.Key, read.StoreTimeout) },
                "A read whose content is part of the question: each content is a variant of the key, and the content is not described.");
        }

        var asked = ContentDigest.Compute(request.Method, request.Headers, [], read.Variants.Query);
        return await ExplainLookUpAsync(explanation, read with { Variants = read.Variants with { Query = asked } });
    }

    private async Task<Explanation> ExplainLookUpAsync(Explanation explanation, ReadRequest read)
    {
        var request = CacheRequest.Of(read, new StoreTimeoutBudget(read.StoreTimeout));
        var seen = await InspectAsync(read.Key, read.StoreTimeout);
        var found = cache.Find(read.Key, seen, read.Variants, read.Policy.Options.MemoryTtl, out var copyLeft);
        explanation = explanation with { Read = request, Seen = seen, Found = found, CopyLeft = copyLeft };
        if (found.Response is { } stored && !held.HasRoomFor(stored.BodyLength))
        {
            return Forwarded(explanation, ForwardReason.MemoryFull);
        }

        var decision = ReadDecision.Of(request, found, usePrior: true, cache.NowMs);
        return decision.Action switch
        {
            ReadAction.Serve => Served(explanation, found.Response!, decision.AgeMs, "."),
            ReadAction.ServeAndRefresh => Served(explanation, found.Response!, decision.AgeMs, ", and refreshed in the background."),
            ReadAction.Fill => explanation with { Outcome = ExplainedOutcome.Fill, Summary = FillSummary(decision) },
            ReadAction.Compare or ReadAction.Forward or ReadAction.Head => Forwarded(explanation, decision.Forward),
            ReadAction.Refuse => Refused(explanation, CacheStatusDetails.OnlyIfCached),
        };
    }

    private async Task<Explanation> ExplainWriteAsync(Explanation explanation, RouteCaching route, string? method)
    {
        var targets = EvictionTargets.Find(explanation.Context, route, method, out var pointed);
        if (targets.Length == 0 && pointed is null)
        {
            return explanation with { Summary = "Forwarded as if there were no cache: a write that evicts nothing by the route's policies." };
        }

        // All at once: they wait together.
        var seen = await Task.WhenAll(targets.Take(MostTargetsInspected).Select(target => InspectAsync(target.Key, route.Rules.StoreTimeout)));
        explanation = explanation with
        {
            Targets = [.. targets.Select((target, i) => (target, seen.ElementAtOrDefault(i)))],
            IsPointed = pointed is not null,
        };
        var isStrict = pointed is { IsStrict: true } || targets.Any(static target => target.Policy.Options.WriteConsistency == WriteConsistency.Strict);
        return isStrict && !cache.IsStoreAvailable
            ? Refused(explanation, CacheStatusDetails.StoreUnavailable)
            : explanation with { Outcome = ExplainedOutcome.Write, Summary = WriteSummary(targets, pointed is not null) };
    }

    private async Task<InspectedResource?> InspectAsync(ResourceKey key, TimeSpan timeout) => await cache.InspectAsync(key, new StoreTimeoutBudget(timeout));

    private static Explanation OfUnknownContent(Explanation explanation, string summary) =>
        explanation with { Outcome = ExplainedOutcome.Unknown, Summary = summary };

    private static Explanation Forwarded(Explanation explanation, ForwardReason reason)
    {
        var word = ForwardReasons.ToToken(reason);
        return explanation with
        {
            Outcome = ExplainedOutcome.Forward,
            Detail = word,
            Summary = $"Forwarded to the API, and not stored: {ReasonText.OfForward(word).Text} ({word}).",
        };
    }

    private static Explanation Refused(Explanation explanation, string word) => explanation with
    {
        Outcome = ExplainedOutcome.Refuse,
        Detail = word,
        Summary = word == CacheStatusDetails.OnlyIfCached
            ? $"Answered 504: the client says only-if-cached, and the API would have to be asked ({word})."
            : $"Answered 503, and the API never has the write: the policy is Strict, and the store does not answer ({word}).",
    };

    private static Explanation Served(Explanation explanation, StoredResponse stored, long ageMs, string end)
    {
        var ttl = stored.Freshness.TtlSeconds(ageMs);
        var source = explanation.IsCopy ? "this replica's own copy" : "the cache";
        return explanation with
        {
            Outcome = stored.Freshness.IsFresh(ageMs) ? ExplainedOutcome.Hit : ExplainedOutcome.Stale,
            TtlSeconds = ttl,
            Summary = stored.Freshness.IsFresh(ageMs)
                ? $"Answered from {source}: fresh for {ttl} s more{end}"
                : $"Answered from {source}, stale for {-ttl} s{end}",
        };
    }

    private static string FillSummary(in ReadDecision decision) => decision.Asking switch
    {
        CacheStatusForward.Stale => "Stored, but stale: the API is asked, and its answer is stored if it may be.",
        CacheStatusForward.Request => "Stored and fresh, but the client's Cache-Control does not take it: the API is asked, and its answer is stored if it may be.",
        CacheStatusForward.VaryMiss => "Not stored for this variant, although others may be: the API is asked, and its answer is stored if it may be.",
        _ => "Not stored: the API is asked, and its answer is stored if it may be.",
    };

    private static string WriteSummary(EvictionTarget[] targets, bool isPointed)
    {
        var fenced = targets.Count(static target => target.IsFenced);
        var what = targets.Length == 1 ? "1 resource is" : $"{targets.Length} resources are";
        return $"A write: {what} evicted before the client has the answer"
            + (fenced > 0 ? $", and {(fenced == targets.Length ? "fenced" : $"{fenced} of them fenced")} before the API has the write" : "")
            + (isPointed ? "; its body or the answer may name more." : ".");
    }
}
