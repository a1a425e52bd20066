using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>A replica that may serve copies of a resource without asking the store: it has the field <c>held:R</c>.</summary>
/// <param name="Replica">R, drawn at random at its start.</param>
/// <param name="Number">The resource's number in that replica when it last took the lease: what it copied carries this number or a lower one.</param>
/// <param name="Left">How long its lease stands at most, counted from when the store answered.</param>
internal readonly record struct Holder(string Replica, long Number, TimeSpan Left);

/// <summary>What came of a step that sets a fence or evicts.</summary>
/// <param name="Outcome">Whether the store has it.</param>
/// <param name="Holders">The other replicas that hold the resource, all of which have been sent an invalidation; <c>null</c> for none.</param>
/// <param name="Grace">
/// How long replicas may still hold what another Redis granted before this one came into use, and of which it knows nothing; zero for not at all.
/// </param>
internal readonly record struct WriteStep(StoreOutcome Outcome, Holder[]? Holders = null, TimeSpan Grace = default)
{
    public static WriteStep Done => new(StoreOutcome.Done);

    public static WriteStep Unavailable => new(StoreOutcome.Unavailable);
}

/// <summary>The lease that a look-up takes for this replica with what it finds.</summary>
/// <param name="Number">The resource's number in this replica, read before the store is asked.</param>
/// <param name="Length">How long the lease stands (<c>MemoryTtl</c>).</param>
internal readonly record struct HoldRequest(long Number, TimeSpan Length)
{
    private static readonly TimeSpan LeastMargin = TimeSpan.FromMilliseconds(100);

    /// <summary>For clocks that do not run alike: a copy is served so much shorter than its lease stands, and grace is so much longer.</summary>
    public static TimeSpan MarginOf(TimeSpan length) => length / 10 > LeastMargin ? length / 10 : LeastMargin;
}

/// <summary>
/// How replicas tell each other of what they hold. Messages may come late, twice, or never: nothing is promised by them, and they only make
/// writes quick. What is sent is not waited for.
/// </summary>
internal interface IReplicaChannel
{
    /// <summary>This replica's R.</summary>
    string Replica { get; }

    /// <summary>Whether its own messages come back to it. If not, nothing is to be held.</summary>
    bool IsOpen { get; }

    /// <summary>Who hears what arrives; once, before anything is held.</summary>
    void Attach(IReplicaListener listener);

    /// <summary>Sends an invalidation once more to who has not acknowledged it.</summary>
    void Invalidate(ResourceKey key, string replica);

    /// <summary>Tells a writer that nothing with a lower number is served here.</summary>
    void Acknowledge(string writer, ResourceKey key, long number);
}

/// <summary>What arrives at a replica. Called on any thread, and does not wait.</summary>
internal interface IReplicaListener
{
    /// <summary>A writer is about to change the resource, or has.</summary>
    void OnInvalidation(ResourceKey key, string writer);

    /// <summary>A holder serves nothing of the resource with a lower number.</summary>
    void OnAcknowledgement(ResourceKey key, string replica, long number);

    /// <summary>Its own messages do not come back any more: this replica is to drop and give back all that it holds.</summary>
    void OnClosed();
}
