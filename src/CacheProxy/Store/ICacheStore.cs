using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The steps of the protocol: leases that an eviction revokes ("Scaling Memcache at Facebook", NSDI 2013, §3.2.1), and a fence around
/// each write. One round trip each. No method throws for a store that is absent, slow or full: that is the outcome <c>Unavailable</c>.
/// </summary>
internal interface ICacheStore : IDependentIndex, IAsyncDisposable
{
    /// <summary>The store's own clock, Unix time in milliseconds: the one that entries and deadlines are measured by.</summary>
    long NowMs { get; }

    /// <summary>Whether the store is believed to answer. While false every step is <c>Unavailable</c> at once.</summary>
    bool IsAvailable { get; }

    /// <summary>Completes when the store has been reached for the first time, or when it is clear that it is not to be reached now.</summary>
    Task FirstContact { get; }

    /// <summary>What is known of hot resources beyond this process.</summary>
    IHotList HotList => OwnHotList.Instance;

    /// <summary>A stream in which others tell of writes, read under this name; <c>null</c> where the store has none.</summary>
    IWriteStream? OpenStream(string key, string group, string consumer) => null;

    /// <summary>Names a fill: 32 hexadecimal digits that no other fill has.</summary>
    string NewFillToken(ResourceKey key);

    /// <summary>Tells the nodes apart that keys are on: a node that hangs holds up its own keys only.</summary>
    int NodeOf(ResourceKey key) => 0;

    /// <summary>
    /// Reads one variant of a resource. Needs no clock to be right: behind any fence, live or dead, nothing is found. A dead one is a
    /// <see cref="LookUpOutcome.Miss"/>, so that a fill begins and clears it away.
    /// </summary>
    ValueTask<LookUpResult> LookUpAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget);

    /// <summary>
    /// As <see cref="LookUpAsync"/>, but need not read the body: for what is answered with headers alone. Such a response is never stored
    /// again (<see cref="StoredResponse.AbsentBodyLength"/>).
    /// </summary>
    ValueTask<LookUpResult> LookUpHeadersAsync(ResourceKey key, VariantKey variant, StoreTimeoutBudget budget) => LookUpAsync(key, variant, budget);

    /// <summary>
    /// As <see cref="LookUpAsync"/> of the lease's variant; but where there is nothing at all of the resource, the lease is taken in the same
    /// step (<see cref="LookUpResult.Lease"/>). A store need not do so.
    /// </summary>
    ValueTask<LookUpResult> LookUpOrBeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget) => LookUpAsync(key, lease.Variant, budget);

    /// <summary>How replicas that share the store tell each other what they hold; <c>null</c> where it is this process's own.</summary>
    IReplicaChannel? Channel => null;

    /// <summary>
    /// As <see cref="LookUpAsync"/>, and this replica holds the resource from then on if the variant is found
    /// (<see cref="LookUpResult.IsHeld"/>). Refused while there is any fence or write, live or past its deadline. A later deadline and a higher
    /// number that stand already stay. A store need not do so.
    /// </summary>
    ValueTask<LookUpResult> HoldAsync(ResourceKey key, VariantKey variant, HoldRequest hold, StoreTimeoutBudget budget) =>
        LookUpAsync(key, variant, budget);

    /// <summary>As <see cref="HoldAsync"/>, of a tag's generation.</summary>
    ValueTask<TagState> HoldTagAsync(ResourceKey tag, HoldRequest hold, StoreTimeoutBudget budget) => LookUpTagAsync(tag, budget);

    /// <summary>Gives this replica's lease on its copies back if its number is below this one.</summary>
    ValueTask ReleaseAsync(ResourceKey key, long number, StoreTimeoutBudget budget) => default;

    /// <summary>
    /// Takes a lease to fill a variant. A write past its deadline is one whose outcome nobody knows: it evicts the whole resource here.
    /// </summary>
    ValueTask<BeginFillOutcome> BeginFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget);

    /// <summary>Stores the response if the lease still stands and no fence lives; gives the lease back either way.</summary>
    ValueTask<CompleteFillOutcome> CompleteFillAsync(ResourceKey key, FillLease lease, FillResult result, StoreTimeoutBudget budget);

    /// <summary>Gives a lease back without storing.</summary>
    ValueTask AbandonFillAsync(ResourceKey key, FillLease lease, StoreTimeoutBudget budget);

    /// <summary>
    /// The generation of a tag. A tag is a resource, evicted as any other, that has a generation in place of an entry: what was filled under
    /// another one than is there belongs to an evicted tag.
    /// </summary>
    ValueTask<TagState> LookUpTagAsync(ResourceKey tag, StoreTimeoutBudget budget) => new(TagState.Unavailable);

    /// <summary>As <see cref="LookUpTagAsync"/>, but draws a generation where there is none, and keeps it at least so long.</summary>
    ValueTask<TagState> OpenTagAsync(ResourceKey tag, TimeSpan keep, StoreTimeoutBudget budget) => new(TagState.Unavailable);

    /// <summary>
    /// Sets the fence of a write and revokes every lease to fill. Called again with the same token it renews the deadline. Replicas that hold
    /// the resource keep their leases; each is sent an invalidation that names this replica, and is returned.
    /// </summary>
    /// <param name="key">The resource.</param>
    /// <param name="token">The write.</param>
    /// <param name="deadline">How long the fence stands.</param>
    /// <param name="budget">How long it may take.</param>
    /// <param name="number">
    /// The resource's number in this replica, raised before: its own lease on copies is given back with the step if its number is lower.
    /// </param>
    ValueTask<WriteStep> BeginWriteAsync(ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0);

    /// <summary>
    /// Ends a write. <see cref="WriteResult.Changed"/> evicts everything but other writes' fields; <see cref="WriteResult.Unchanged"/>
    /// restores the entry and its expiry; <see cref="WriteResult.Unknown"/> evicts and leaves the fence to its deadline. Holders are treated as
    /// in <see cref="BeginWriteAsync"/>.
    /// </summary>
    ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0);

    /// <summary>Marks all entries so that none is used before the API has been asked, and revokes every lease. A store may evict them in place of that.</summary>
    ValueTask<WriteStep> MarkStaleAsync(ResourceKey key, string token, StoreTimeoutBudget budget, long number = 0) =>
        EndWriteAsync(key, token, WriteResult.Changed, budget);

    /// <summary>About what a tenant has in the store; <c>null</c> where the store does not say.</summary>
    /// <param name="tenant">The tenant.</param>
    /// <param name="stored">What has just been stored, for a store that is to count it; <c>null</c> only to ask.</param>
    /// <param name="budget">How long it may take.</param>
    ValueTask<TenantUse?> UseOfAsync(string tenant, CountedEntry? stored, StoreTimeoutBudget budget) => default;

    /// <summary>Forgets what was counted of a tenant.</summary>
    ValueTask<StoreOutcome> ForgetUseAsync(string tenant, StoreTimeoutBudget budget) => new(StoreOutcome.Done);

    /// <summary>
    /// Every resource that is there all the while, and perhaps others, some of them twice. Throws when it cannot be sure of that.
    /// </summary>
    /// <param name="pattern">A glob pattern; a store may also name keys that do not match it.</param>
    /// <param name="cancellation">Ends it.</param>
    IAsyncEnumerable<ResourceKey> KeysAsync(string pattern, CancellationToken cancellation) => throw new NotSupportedException();

    /// <summary>All that is stored of a resource but the bodies, without any effect; <c>null</c> where the store does not say.</summary>
    ValueTask<StoredResource?> InspectAsync(ResourceKey key, StoreTimeoutBudget budget) => default;
}

/// <summary>About what a tenant has in the store.</summary>
internal readonly record struct TenantUse(long Entries, long Bytes);

/// <summary>An entry that has been stored, as it is counted.</summary>
internal readonly record struct CountedEntry(ResourceKey Key, VariantKey Variant, TimeSpan Retention, long Bytes);

internal enum LookUpOutcome
{
    /// <summary>Nothing stored for this variant.</summary>
    Miss,

    /// <summary>Stored; whether it is fresh is for the caller to judge.</summary>
    Found,

    /// <summary>A write is under way, or may still be.</summary>
    Fenced,

    /// <summary>This process has an eviction that the store does not have yet. No store says so itself.</summary>
    EvictionPending,

    Unavailable,
}

/// <summary>What a look-up found, and what a fill replaces.</summary>
/// <param name="Outcome">How it came out.</param>
/// <param name="Vary">Canonical list of the header names that the resource varies on; empty when none or nothing is stored.</param>
/// <param name="Response">The stored response, when found.</param>
/// <param name="Stamp">
/// Identifies the entry that was seen, for <see cref="FillLease.Seen"/>; empty when there was none, <c>null</c> when the response has it.
/// </param>
internal readonly record struct LookUpResult(LookUpOutcome Outcome, string Vary, StoredResponse? Response, string? Stamp)
{
    private readonly string? _stamp = Stamp;
    // Kept where the response is put aside: its entry is the one that a fill replaces.
    private readonly StoredResponse? _stamped = Stamp is null ? Response : null;

    public static LookUpResult Unavailable => new(LookUpOutcome.Unavailable, "", null, "");

    public static LookUpResult Fenced => new(LookUpOutcome.Fenced, "", null, "");

    public static LookUpResult EvictionPending => new(LookUpOutcome.EvictionPending, "", null, "");

    /// <summary>Made when it is asked for: who is served never asks.</summary>
    public string Stamp => _stamp ?? _stamped?.Stamp.ToString() ?? "";

    /// <summary>The variant that was looked up, under <see cref="Vary"/>.</summary>
    public VariantKey Variant { get; init; }

    /// <summary>A lease that was taken with the look-up: it is filled, or given back.</summary>
    public FillLease? Lease { get; init; }

    /// <summary>Whether this replica holds the resource since the store answered (<see cref="ICacheStore.HoldAsync"/>).</summary>
    public bool IsHeld { get; init; }

    /// <summary>Whether it is a copy of this process's own (<see cref="LocalCopies"/>). No store says so.</summary>
    public bool IsCopy { get; init; }

    public static LookUpResult Miss(string vary) => new(LookUpOutcome.Miss, vary, null, "");
}

internal enum BeginFillOutcome
{
    /// <summary>The lease is taken.</summary>
    Granted,

    /// <summary>A write is under way.</summary>
    Fenced,

    /// <summary>What the reader saw is stored no more, or another entry is: look up again.</summary>
    Changed,

    /// <summary>An exclusive lease was asked for and another holds one.</summary>
    UnderWay,

    Unavailable,
}

/// <summary>A lease to fill one variant.</summary>
/// <param name="Token">From <see cref="ICacheStore.NewFillToken"/>; the T of <c>fill:T</c>.</param>
/// <param name="Variant">The variant that the reader looked up.</param>
/// <param name="Seen">
/// The stamp of the entry that the reader saw there, empty for none. When another is there by now, somebody has filled it since; when
/// none is there any more, it was evicted or has expired: <see cref="BeginFillOutcome.Changed"/>.
/// </param>
/// <param name="Duration">How long the lease stands.</param>
/// <param name="Exclusive">Whether another live lease for the same variant refuses this one (<see cref="BeginFillOutcome.UnderWay"/>).</param>
internal sealed record FillLease(string Token, VariantKey Variant, string Seen, TimeSpan Duration, bool Exclusive)
{
    /// <summary>Longer than an API takes whose answers are worth caching; a fill that takes longer is not stored.</summary>
    public static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(60);
}

internal enum CompleteFillOutcome
{
    Stored,

    /// <summary>
    /// Nothing was stored that anybody may have: a write, an eviction, the lease's own deadline or another store came in between, or the
    /// resource varies on more names by now than the variant was computed with.
    /// </summary>
    Revoked,

    Unavailable,
}

/// <summary>What a fill brought.</summary>
/// <param name="Variant">The variant under the names that the response varies on; may differ from the lease's.</param>
/// <param name="Vary">Canonical list of the names that <paramref name="Variant"/> was computed with; the store keeps the union.</param>
/// <param name="Response">The response to store.</param>
/// <param name="Retention">How long to keep it: its freshness and whatever it may serve stale or be revalidated for.</param>
/// <param name="MaxVariants">Most variants the resource may have; beyond, the one that expires first is dropped.</param>
internal sealed record FillResult(VariantKey Variant, string Vary, StoredResponse Response, TimeSpan Retention, int MaxVariants)
{
    /// <summary>Whether its lifetime is the policy's <c>Ttl</c>, and not the origin's word or <c>NegativeTtl</c>.</summary>
    public bool HasPolicyTtl { get; init; }
}

/// <summary>What a write is known to have done to its resource.</summary>
internal enum WriteResult
{
    /// <summary>The API answered, and may have changed the resource.</summary>
    Changed,

    /// <summary>The API refused the write (4xx other than 404 and 410).</summary>
    Unchanged,

    /// <summary>The client or the API went away before the answer was complete: the API may still be at it.</summary>
    Unknown,
}

/// <summary>Whether a step that has nothing to report was carried out.</summary>
internal enum StoreOutcome
{
    Done,

    /// <summary>The store did not answer in time, or answered with an error. The step may still be carried out later.</summary>
    Unavailable,
}

/// <summary>
/// How long one request may still wait for the store, over all its steps (<c>CacheProxy:Redis:Timeout</c>). Time that the request
/// spends elsewhere does not count.
/// </summary>
internal sealed class StoreTimeoutBudget(TimeSpan total)
{
    public TimeSpan Remaining { get; private set; } = total;

    public void Spend(TimeSpan waited) => Remaining = waited >= Remaining ? TimeSpan.Zero : Remaining - waited;
}
