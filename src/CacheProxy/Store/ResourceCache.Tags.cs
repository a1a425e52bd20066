using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// What entries have to do with tags. An entry is served only while the generation of each of its tags is the one that it was filled under,
/// and that is asked for together with the entry. Which tags an entry has is guessed by what was seen last: a wrong guess costs a round trip.
/// </summary>
internal sealed partial class ResourceCache
{
    /// <summary>How much longer than any of its entries a tag is kept, for clocks of other nodes.</summary>
    private static readonly TimeSpan TagMargin = TimeSpan.FromSeconds(10);

    private readonly TagHints _tagHints = new();

    /// <summary>The tags that entries of the resource lately had.</summary>
    public ResourceKey[] LastTagsOf(ResourceKey key) => _tagHints.Get(key) ?? [];

    /// <summary>The tags that its entry has from now on.</summary>
    public void RememberTags(ResourceKey key, ResourceKey[] tags) => _tagHints.Set(key, tags);

    /// <summary>Draws generations for tags that have none, and keeps all of them for at least so long: asked for in parallel.</summary>
    /// <returns>One state for each tag, in their order. A tag whose eviction is pending here is fenced.</returns>
    public async ValueTask<TagState[]> OpenTagsAsync(ResourceKey[] tags, TimeSpan keep, StoreTimeoutBudget budget)
    {
        var asked = new Task<TagState>[tags.Length];
        var budgets = new StoreTimeoutBudget[tags.Length];
        for (var i = 0; i < asked.Length; i++)
        {
            budgets[i] = new StoreTimeoutBudget(budget.Remaining);
            asked[i] = store.OpenTagAsync(tags[i], keep + TagMargin, budgets[i]).AsTask();
        }

        var states = await Task.WhenAll(asked);
        SpendLongest(budget, budgets);
        for (var i = 0; i < states.Length; i++)
        {
            // An eviction that the store does not have may be of the generation that it has.
            states[i] = pending.MustForward(tags[i]) ? TagState.Fenced : states[i];
        }

        return states;
    }

    private async ValueTask<LookUpResult> AskWithTagsAsync(
        ResourceKey key, Asking asking, ResourceKey[] tags, TimeSpan memoryTtl, StoreTimeoutBudget budget)
    {
        // Both are under way at once.
        var timeout = new StoreTimeoutBudget(budget.Remaining);
        var ofTags = AskForTagsAsync(tags, memoryTtl, timeout);
        var asked = await AskStoreAsync(key, asking, budget);
        var states = await ofTags;
        return await CheckTagsAsync(key, asked, tags, states, memoryTtl, budget);
    }

    /// <summary>Whether the generation of each of its tags is held, too, and the one that it was filled under: then nothing is to be asked.</summary>
    private bool HaveTagsInMemory(LocalCopy copy, bool leavesTrace = true)
    {
        foreach (var dependency in copy.Result.Response!.Dependencies)
        {
            if (dependency.Kind == DependencyKind.Tag)
            {
                var tag = new ResourceKey(dependency.Key);
                var held = leavesTrace ? copies.Find(tag, VariantKey.Plain) : copies.Peek(tag, VariantKey.Plain, out _);
                if (held?.Generation != dependency.Version || pending.MustForward(tag))
                {
                    return false;
                }
            }
        }

        return true;
    }

    // From memory while the generation is held; one that is asked for often is held from now on.
    private ValueTask<TagState> AskForTagAsync(ResourceKey tag, TimeSpan memoryTtl, StoreTimeoutBudget budget)
    {
        if (_channel is null || memoryTtl <= TimeSpan.Zero)
        {
            return store.LookUpTagAsync(tag, budget);
        }

        return copies.Find(tag, VariantKey.Plain) is { } copy
            ? new(TagState.InForce(copy.Generation, TimeSpan.Zero))
            : HoldTagAsync(tag, memoryTtl, budget);
    }

    private async ValueTask<TagState> HoldTagAsync(ResourceKey tag, TimeSpan memoryTtl, StoreTimeoutBudget budget)
    {
        if (!copies.TryBeginHold(tag, VariantKey.Plain, memoryTtl, out var begun))
        {
            var found = await store.LookUpTagAsync(tag, budget);
            if (found.Outcome == TagOutcome.InForce)
            {
                copies.Found(tag, begun);
            }

            return found;
        }

        var state = await store.HoldTagAsync(tag, new HoldRequest(begun.Number, begun.Length), budget);
        var isHeld = state is { Outcome: TagOutcome.InForce, IsHeld: true };
        if (isHeld)
        {
            copies.Add(tag, state.Generation, begun);
        }

        copies.Ended(isHeld ? HoldResult.Granted : state.Outcome == TagOutcome.Unavailable ? HoldResult.Unavailable : HoldResult.Refused);
        return state;
    }

    private async Task<TagState[]> AskForTagsAsync(ResourceKey[] tags, TimeSpan memoryTtl, StoreTimeoutBudget budget)
    {
        var states = new TagState[tags.Length];
        if (tags.Length == 1)
        {
            states[0] = await AskForTagAsync(tags[0], memoryTtl, budget);
            return states;
        }

        var asked = new Task<TagState>[tags.Length];
        var budgets = new StoreTimeoutBudget[tags.Length];
        for (var i = 0; i < tags.Length; i++)
        {
            budgets[i] = new StoreTimeoutBudget(budget.Remaining);
            asked[i] = AskForTagAsync(tags[i], memoryTtl, budgets[i]).AsTask();
        }

        for (var i = 0; i < tags.Length; i++)
        {
            states[i] = await asked[i];
        }

        SpendLongest(budget, budgets);
        return states;
    }

    // All waited at the same time.
    private static void SpendLongest(StoreTimeoutBudget budget, StoreTimeoutBudget[] budgets)
    {
        var least = budget.Remaining;
        foreach (var own in budgets)
        {
            least = own.Remaining < least ? own.Remaining : least;
        }

        budget.Spend(budget.Remaining - least);
    }

    private ValueTask<LookUpResult> CheckTagsAsync(ResourceKey key, LookUpResult asked, TimeSpan memoryTtl, StoreTimeoutBudget budget) =>
        Dependencies.HaveTags(asked.Response) ? CheckTagsAsync(key, asked, [], [], memoryTtl, budget) : new(asked);

    /// <summary>Turns what was found into a miss where a tag of it has been evicted since, and into a forward where that is not known.</summary>
    private async ValueTask<LookUpResult> CheckTagsAsync(
        ResourceKey key, LookUpResult asked, ResourceKey[] tags, TagState[] states, TimeSpan memoryTtl, StoreTimeoutBudget budget)
    {
        if (asked.Response is not { } found)
        {
            return asked;
        }

        if (!Dependencies.HaveTags(found))
        {
            _tagHints.Set(key, []);
            return asked;
        }

        if (!Covers(tags, found.Dependencies))
        {
            tags = TagsOf(found.Dependencies);
            _tagHints.Add(key, tags);
            states = await AskForTagsAsync(tags, memoryTtl, budget);
        }

        return Judge(asked, tags, states);
    }

    private LookUpResult Judge(in LookUpResult asked, ResourceKey[] tags, TagState[] states)
    {
        foreach (var dependency in asked.Response!.Dependencies)
        {
            if (dependency.Kind != DependencyKind.Tag)
            {
                continue;
            }

            var state = states[IndexOf(tags, dependency.Key)];
            if (pending.MustForward(new ResourceKey(dependency.Key)))
            {
                return LookUpResult.EvictionPending;
            }

            if (state.Outcome == TagOutcome.Fenced)
            {
                return LookUpResult.Fenced;
            }

            if (state.Outcome == TagOutcome.Unavailable)
            {
                return LookUpResult.Unavailable;
            }

            if (state.Outcome == TagOutcome.Absent || state.Generation != dependency.Version)
            {
                // What evicted tags leave behind is replaced by the next fill, which is told what it saw.
                return new LookUpResult(LookUpOutcome.Miss, asked.Vary, null, asked.Stamp);
            }
        }

        return asked;
    }

    private static bool Covers(ResourceKey[] tags, Dependency[] dependencies)
    {
        foreach (var dependency in dependencies)
        {
            if (dependency.Kind == DependencyKind.Tag && IndexOf(tags, dependency.Key) < 0)
            {
                return false;
            }
        }

        return true;
    }

    private static int IndexOf(ResourceKey[] tags, string tag)
    {
        for (var i = 0; i < tags.Length; i++)
        {
            if (tags[i].Value == tag)
            {
                return i;
            }
        }

        return -1;
    }

    private static ResourceKey[] TagsOf(Dependency[] dependencies) =>
    [
        .. dependencies.Where(static dependency => dependency.Kind == DependencyKind.Tag).Select(static dependency => new ResourceKey(dependency.Key)),
    ];
}

/// <summary>
/// The tags that entries of resources lately had, so that their generations are asked for together with the entry. Its size is fixed; two
/// resources that share a place forget each other.
/// </summary>
internal sealed class TagHints
{
    private const int Size = 16 * 1024;
    private const int MostTags = 64;

    private Hint?[]? _hints;

    /// <summary><c>null</c> for none, which costs nothing while no entry has any.</summary>
    public ResourceKey[]? Get(ResourceKey key) =>
        Volatile.Read(ref _hints) is { } hints
        && Volatile.Read(ref hints[Slot(key)]) is { } hint
        && hint.Key == key
            ? hint.Tags
            : null;

    public void Set(ResourceKey key, ResourceKey[] tags)
    {
        if (Volatile.Read(ref _hints) is not { } hints)
        {
            if (tags.Length == 0)
            {
                return;
            }

            hints = Interlocked.CompareExchange(ref _hints, new Hint?[Size], null) ?? _hints;
        }

        Volatile.Write(ref hints[Slot(key)], tags.Length == 0 ? null : new Hint(key, tags));
    }

    /// <summary>Keeps those of other variants, too.</summary>
    public void Add(ResourceKey key, ResourceKey[] tags)
    {
        ResourceKey[] all = [.. (Get(key) ?? []).Union(tags)];
        Set(key, all.Length <= MostTags ? all : tags);
    }

    private static int Slot(ResourceKey key) => key.Value.GetHashCode(StringComparison.Ordinal) & (Size - 1);

    private sealed record Hint(ResourceKey Key, ResourceKey[] Tags);
}
