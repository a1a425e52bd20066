using System.Runtime.CompilerServices;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Proxy;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>
/// The tags of one fill. What it fetches is stored and shared only if each of them had one generation from before the API was asked until its
/// answer was whole: then no write that evicts the tag has ended in between. Either the generation was read before, or it is older than the
/// fill has taken; only durations are compared, so that the clocks of two machines may differ.
/// </summary>
internal sealed class FillTags
{
    private const string Revoked = "revoked";
    private const string Unavailable = "unavailable";

    // Redis's clock and this machine's run at their own pace, and ages are whole milliseconds.
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(2);
    private const int MarginDivisor = 1000;

    private readonly Dictionary<ResourceKey, string> _generations = [];

    private FillTags(ResourceKey[] tags, TagState[] states)
    {
        for (var i = 0; i < tags.Length; i++)
        {
            if (states[i].Outcome == TagOutcome.InForce)
            {
                _generations[tags[i]] = states[i].Generation;
            }
        }
    }

    /// <summary>Before the API is asked: the generations of the tags that its answer is likely to have. <c>null</c> for none.</summary>
    public static ValueTask<FillTags?> BeginAsync(FillServices services, CacheRequest request)
    {
        var last = services.Cache.LastTagsOf(request.Key);
        return last.Length == 0 && request.Policy.Tags.Foretold.IsEmpty ? default : OpenAsync(services, request, last);
    }

    /// <summary>The answer is whole, and whoever comes now does not share it: stores it with its tags, unless one of them was evicted.</summary>
    /// <returns>What is stored; <c>null</c> for nothing.</returns>
    /// <param name="begun">What was known before.</param>
    /// <param name="services">What every fill needs.</param>
    /// <param name="request">The client's request.</param>
    /// <param name="lease">Of the fill; given back where nothing is stored.</param>
    /// <param name="result">What is to be stored.</param>
    /// <param name="framing">What clients are spared of its headers.</param>
    /// <param name="watch">What was known of that which the policy's responses contain.</param>
    /// <param name="began">A timestamp from before the API was asked.</param>
    public static ValueTask<StoredResponse?> CompleteAsync(
        FillTags? begun,
        FillServices services,
        CacheRequest request,
        FillLease lease,
        FillResult result,
        UpstreamFraming framing,
        DependencyWatch? watch,
        long began)
    {
        if (framing.HiddenTagHeaders is not null || FoundTags.Concern(request.Policy, result.Response))
        {
            return JoinAndCompleteAsync(begun, services, request, lease, result, framing, watch, began);
        }

        if (begun is not null)
        {
            services.Cache.RememberTags(request.Key, []);
        }

        return CompleteAsync(services, request, lease, result, watch);
    }

    /// <summary>Why a response is not stored that has a tag in this state; <c>null</c> for no reason.</summary>
    /// <param name="state">What the store says, asked when the answer was whole.</param>
    /// <param name="known">The generation that was in force before the API was asked, where that is known.</param>
    /// <param name="taken">How long it is since then, at the reply.</param>
    public static string? Refusal(TagState state, string? known, TimeSpan taken) => state.Outcome switch
    {
        TagOutcome.Fenced => Revoked,
        TagOutcome.Unavailable or TagOutcome.Absent => Unavailable,
        TagOutcome.InForce => state.Generation == known || state.Age > taken + Margin + (taken / MarginDivisor) ? null
            : known is null ? CacheStatusDetails.TagNew
            : Revoked,
    };

    private static async ValueTask<FillTags?> OpenAsync(FillServices services, CacheRequest request, ResourceKey[] last)
    {
        var foretold = new HashSet<ResourceKey>(last);
        if (FoundTags.TryScope(request, out var scope))
        {
            foreach (var template in request.Policy.Tags.Foretold)
            {
                if (template.TryFormat(request.Tenant, request.Context.Request.RouteValues, lenient: false, out var tag))
                {
                    foretold.Add(TagName.KeyOf(scope, tag));
                }
            }
        }

        ResourceKey[] tags = [.. foretold];
        return new FillTags(tags, await services.Cache.OpenTagsAsync(tags, FillLease.DefaultDuration, request.Budget));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private static async ValueTask<StoredResponse?> CompleteAsync(
        FillServices services, CacheRequest request, FillLease lease, FillResult result, DependencyWatch? watch)
    {
        var outcome = await (watch is null
            ? services.Cache.CompleteFillAsync(request.Key, lease, result, request.Budget)
            : services.Dependencies.CompleteFillAsync(request, lease, result, watch));
        if (outcome == CompleteFillOutcome.Stored)
        {
            services.Metrics.Fill(request.Policy.Name, CacheMetrics.ToToken(outcome));
            return watch?.Response ?? result.Response;
        }

        services.Refusals.NotStored(request, watch?.Shortfall ?? CacheMetrics.ToToken(outcome), result.Response.Status);
        return null;
    }

    private static async ValueTask<StoredResponse?> JoinAndCompleteAsync(
        FillTags? begun,
        FillServices services,
        CacheRequest request,
        FillLease lease,
        FillResult result,
        UpstreamFraming framing,
        DependencyWatch? watch,
        long began)
    {
        (result, var refusal) = await JoinAsync(begun, services, request, result, framing, began);
        if (refusal is null)
        {
            return await CompleteAsync(services, request, lease, result, watch);
        }

        services.Refusals.NotStored(request, refusal, result.Response.Status);
        await services.Cache.AbandonFillAsync(request.Key, lease, request.Budget);
        return null;
    }

    private static async ValueTask<(FillResult Result, string? Refusal)> JoinAsync(
        FillTags? begun, FillServices services, CacheRequest request, FillResult result, UpstreamFraming framing, long began)
    {
        if (FoundTags.Find(request, result.Response, framing.HiddenTagHeaders, out var tags) is { } reason)
        {
            return (result, reason);
        }

        services.Cache.RememberTags(request.Key, tags);
        var states = await services.Cache.OpenTagsAsync(tags, result.Retention, request.Budget);
        var taken = services.Time.GetElapsedTime(began);
        var dependencies = new List<Dependency>(result.Response.Dependencies.Where(static known => known.Kind != DependencyKind.Tag));
        for (var i = 0; i < tags.Length; i++)
        {
            var known = GenerationBefore(begun, result.Response, tags[i]);
            if (Refusal(states[i], known, taken) is { } refusal)
            {
                return (result, refusal);
            }

            dependencies.Add(new Dependency(DependencyKind.Tag, tags[i].Value, states[i].Generation));
        }

        return (result with { Response = result.Response with { Dependencies = [.. dependencies] } }, null);
    }

    /// <summary>The generation that was in force before the API was asked; <c>null</c> where that is not known.</summary>
    private static string? GenerationBefore(FillTags? begun, StoredResponse response, ResourceKey tag)
    {
        // What the API has confirmed was found under the generations that it was stored with.
        foreach (var (kind, key, version) in response.Dependencies)
        {
            if (kind == DependencyKind.Tag && key == tag.Value)
            {
                return version;
            }
        }

        return begun?._generations.GetValueOrDefault(tag);
    }
}
