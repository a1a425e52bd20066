using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Proxy;
using CacheProxy.Reading.Comparing;
using CacheProxy.Store;

namespace CacheProxy.Reading;

/// <summary>
/// Looks a safe request up and answers a plain hit: from memory at once, from the store with one wait, and with no object that only a fill
/// needs. Everything else is <see cref="ReadHandler"/>'s.
/// </summary>
internal sealed class HitHandler(
    ResourceCache cache, HitResponder hits, ReadHandler reads, HotResources hot, HitSamples samples, CacheMetrics metrics)
{
    public Task HandleAsync(in ReadRequest read, RequestDelegate next)
    {
        var began = metrics.Begin();
        var budget = new StoreTimeoutBudget(read.StoreTimeout);
        var headersOnly = MayDoWithoutBody(read);
        var begins = headersOnly ? LeaseWithLookUp.None : read.Lease;
        var lookUp = cache.BeginLookUp(read.Key, read.Variants, read.Policy.Options.MemoryTtl, budget, headersOnly, begins);
        if (!AtHand.TryTake(lookUp.Asked, out var asked))
        {
            return WaitAsync(read, lookUp, budget, began, next);
        }

        return cache.TryEnd(lookUp, asked, out var found) && !IsWithoutBodyThatItNeeds(read, found)
            ? AnswerAsync(read, found, budget, began, next)
            : WaitAsync(read, lookUp with { Asked = new(asked) }, budget, began, next);
    }

    private async Task WaitAsync(ReadRequest read, LookUp lookUp, StoreTimeoutBudget budget, long began, RequestDelegate next)
    {
        var asked = await lookUp.Asked;
        if (!cache.TryEnd(lookUp, asked, out var found))
        {
            found = await cache.EndAsync(lookUp, asked, read.Variants, budget);
        }

        if (IsWithoutBodyThatItNeeds(read, found))
        {
            found = await cache.LookUpAsync(read.Key, read.Variants, read.Policy.Options.MemoryTtl, budget);
        }

        await AnswerAsync(read, found, budget, began, next);
    }

    private Task AnswerAsync(in ReadRequest read, in LookUpResult found, StoreTimeoutBudget budget, long began, RequestDelegate next)
    {
        if (!IsPlainHit(read, found, out var ageMs))
        {
            return reads.HandleAsync(CacheRequest.Of(read, budget), found, began, next);
        }

        hot.Hit(read, found);
        samples.Hit(read, found, ageMs, next);
        var served = hits.TryServeAsync(read.Context, read.Policy, read.Tenant, found.Response!, ageMs, began, found.IsCopy);
        return AtHand.TryTake(served, out var isServed) && isServed
            ? Task.CompletedTask
            : UnlessAsync(served, CacheRequest.Of(read, budget), began, next);
    }

    private async Task UnlessAsync(Task<bool> served, CacheRequest request, long began, RequestDelegate next)
    {
        if (!await served)
        {
            await reads.HandleWithoutPriorAsync(request, began, next);
        }
    }

    private static bool MayDoWithoutBody(in ReadRequest read) =>
        !read.IsShadowed && (read.IsHead || ConditionalRequest.IsPresent(read.Context.Request.Headers));

    /// <summary>The client has something else than is stored, or the API is to be asked.</summary>
    private bool IsWithoutBodyThatItNeeds(in ReadRequest read, in LookUpResult found) =>
        found.Response is { AbsentBodyLength: not null } stored
        && !(RequestTarget.IsSame(read.Context.Request, stored.Target)
            && read.Policy.Knows(stored)
            && stored.Freshness.Judge(stored.AgeMs(cache.NowMs), read.Directives) is FreshnessVerdict.Fresh
            && (read.IsHead || hits.IsNotModified(read.Context, stored)));

    /// <summary>Whether it is answered as it was found: nothing else is to be done, asked or kept for it.</summary>
    private bool IsPlainHit(in ReadRequest read, in LookUpResult found, out long ageMs)
    {
        ageMs = 0;
        if (found is not { Outcome: LookUpOutcome.Found, Response: { } stored })
        {
            return false;
        }

        ageMs = stored.AgeMs(cache.NowMs);
        // One without its body was seen to be answered by its headers; so it is, whatever the clock shows now.
        return stored.AbsentBodyLength is not null
            || (stored.Body.Length <= HeldBodies.UncountedBytes
                && !read.IsShadowed
                && RequestTarget.IsSame(read.Context.Request, stored.Target)
                && read.Policy.Knows(stored)
                && stored.Freshness.Judge(ageMs, read.Directives) is FreshnessVerdict.Fresh or FreshnessVerdict.StaleAllowed);
    }
}

/// <summary>What need not be waited for.</summary>
internal static class AtHand
{
    /// <returns>Whether it was there. Then it has been taken, and is not to be waited for any more.</returns>
    public static bool TryTake<T>(in ValueTask<T> waited, out T? result)
    {
        var isThere = waited.IsCompletedSuccessfully;
        result = isThere ? waited.Result : default;
        return isThere;
    }

    public static bool TryTake<T>(Task<T> waited, out T? result)
    {
        var isThere = waited.IsCompletedSuccessfully;
        result = isThere ? waited.Result : default;
        return isThere;
    }
}
