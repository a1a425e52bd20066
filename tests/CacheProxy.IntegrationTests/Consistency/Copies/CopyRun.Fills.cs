using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>How entries come into the store, as the product's fills bring them there; those with a tag under its generation.</summary>
internal sealed partial class CopyRun
{
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(600);

    private async Task FillAsync(CopyTurns turns, CopyReplica replica)
    {
        await turns.NextAsync("begins");
        if (turns.Party.IsQuick)
        {
            await CopyTurns.AtOnceAsync(() => FillAsync(replica));
            return;
        }

        var begun = await CopyTurns.AtOnceAsync(() => BeginFillAsync(replica));
        await turns.NextAsync("is answered by the API");
        var version = _version;
        await turns.NextAsync("completes");
        if (begun is not null)
        {
            await CopyTurns.AtOnceAsync(() => CompleteFillAsync(replica, begun, version));
        }
    }

    private async ValueTask<bool> FillAsync(CopyReplica replica) =>
        await BeginFillAsync(replica) is { } begun && await CompleteFillAsync(replica, begun, _version);

    private async ValueTask<BegunFill?> BeginFillAsync(CopyReplica replica)
    {
        var found = await replica.Cache.LookUpAsync(_shared.Key, Request, TimeSpan.Zero, _budget);
        var lease = replica.Cache.NewLease(_shared.Key, found, exclusive: false);
        if (await replica.Cache.BeginFillAsync(_shared.Key, lease, _budget) != BeginFillOutcome.Granted)
        {
            return null;
        }

        var began = _shared.Time.GetTimestamp();
        var opened = await replica.Cache.OpenTagsAsync(_tags, FillLease.DefaultDuration, _budget);
        return new BegunFill(lease, began, opened is [{ Outcome: TagOutcome.InForce } state] ? state.Generation : null);
    }

    private async ValueTask<bool> CompleteFillAsync(CopyReplica replica, BegunFill begun, int version)
    {
        var states = await replica.Cache.OpenTagsAsync(_tags, Retention, _budget);
        if (states is [var state] && FillTags.Refusal(state, begun.Generation, _shared.Time.GetElapsedTime(begun.Began)) is not null)
        {
            await replica.Cache.AbandonFillAsync(_shared.Key, begun.Lease, _budget);
            return false;
        }

        var result = Answer(version, [.. states.Select(joined => new Dependency(DependencyKind.Tag, _shared.Tag.Value, joined.Generation))]);
        return await replica.Cache.CompleteFillAsync(_shared.Key, begun.Lease, result, _budget) == CompleteFillOutcome.Stored;
    }

    private static FillResult Answer(int version, Dependency[] dependencies)
    {
        var response = ExploredResponse.Of(version) with { Dependencies = dependencies };
        return new FillResult(VariantKey.Plain, "", response, Retention, MaxVariants: 4);
    }

    /// <summary>A fill under way.</summary>
    /// <param name="Lease">Under which it is stored.</param>
    /// <param name="Began">A timestamp from before the API was asked.</param>
    /// <param name="Generation">The tag's from before the API was asked, where that is known.</param>
    private sealed record BegunFill(FillLease Lease, long Began, string? Generation);
}
