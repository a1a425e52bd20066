using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Writing;

namespace CacheProxy.Intake;

/// <summary>
/// Evicts what items tell of. After an item is <see cref="IntakeResult.Evicted"/>, no read that begins, through any replica, returns what the
/// write has replaced. An item may be told again, and any number of times.
/// </summary>
internal sealed class OutsideWriteHandler(OutsideEvictions evictions, UnresolvedEvictions unresolved, IntakeMetrics metrics)
{
    /// <param name="configuration">By which all of them are judged.</param>
    /// <param name="items">The items.</param>
    /// <param name="source">Where they come from, for the metric.</param>
    /// <returns>One outcome for each, in their order.</returns>
    public async Task<IntakeOutcome[]> TakeAsync(ConfigurationSnapshot configuration, IReadOnlyList<IntakeItem> items, string source)
    {
        var found = new Dictionary<ResourceKey, EvictionTarget>();
        var taken = new Taken[items.Count];
        for (var i = 0; i < taken.Length; i++)
        {
            taken[i] = Find(configuration, items[i]);
            foreach (var target in taken[i].Targets)
            {
                found[target.Key] = target;
            }
        }

        var missed = evictions.IsPossible ? await evictions.EvictAsync(found.Values) : [.. found.Keys];
        var outcomes = new IntakeOutcome[taken.Length];
        for (var i = 0; i < outcomes.Length; i++)
        {
            outcomes[i] = OutcomeOf(taken[i], missed);
            metrics.Taken(source, outcomes[i].Result);
            if (outcomes[i].Result == IntakeResult.Evicted)
            {
                unresolved.Report(taken[i].Unresolved);
            }
        }

        return outcomes;
    }

    private static IntakeOutcome OutcomeOf(in Taken taken, HashSet<ResourceKey> missed) =>
        taken.Refusal is not null ? new IntakeOutcome(IntakeResult.Refused, 0, taken.Refusal)
        : new IntakeOutcome(
            taken.Targets.Exists(target => missed.Contains(target.Key)) ? IntakeResult.Unavailable : IntakeResult.Evicted, taken.Targets.Count, null);

    private static Taken Find(ConfigurationSnapshot configuration, in IntakeItem item)
    {
        if (item.Refusal is not null)
        {
            return new Taken([], item.Refusal, []);
        }

        var targets = new List<EvictionTarget>();
        var missed = new List<(CachePolicy Policy, UnresolvedReason Reason)>();
        foreach (var write in item.Writes)
        {
            if (!OutsideTargets.TryFind(configuration.Rules, configuration.Policies, write, out var found, out var refusal))
            {
                return new Taken([], refusal, []);
            }

            targets.AddRange(found.From(0));
            missed.AddRange(found.Pointed?.Unresolved() ?? []);
        }

        // What a pointer would have led to, another write of the same item may name.
        missed.RemoveAll(one => one.Reason == UnresolvedReason.Absent && targets.Exists(target => target.Policy == one.Policy));
        return new Taken(targets, null, missed);
    }

    private readonly record struct Taken(
        List<EvictionTarget> Targets, OutsideRefusal? Refusal, List<(CachePolicy Policy, UnresolvedReason Reason)> Unresolved);
}

/// <summary>What came of one item.</summary>
internal enum IntakeResult
{
    /// <summary>All that it tells of is evicted.</summary>
    Evicted,

    /// <summary>It is not understood, or names what there is not. Nothing of it is evicted.</summary>
    Refused,

    /// <summary>The store has not taken all of it. Whoever told it tells it again.</summary>
    Unavailable,
}

/// <summary>What came of one item.</summary>
/// <param name="Result">What.</param>
/// <param name="Resources">How many resources and tags it stands for.</param>
/// <param name="Refusal">Why it was refused.</param>
internal readonly record struct IntakeOutcome(IntakeResult Result, int Resources, OutsideRefusal? Refusal);
