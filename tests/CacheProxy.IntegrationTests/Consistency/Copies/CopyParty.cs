using System.Globalization;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>One that takes turns in a system whose replicas hold copies.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Replica">Through which replica, or to which.</param>
internal readonly record struct CopyParty(CopyPartyKind Kind, int Replica = 0)
{
    /// <summary>What goes wrong with one of its calls to the store.</summary>
    public FaultKind Fault { get; init; }

    /// <summary>Which call that is, from 0.</summary>
    public int FailingCall { get; init; }

    /// <summary>Whether its calls and their replies take no time: one turn for each of them, or for all of a look-up or a fill.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Whether it writes what the tag of the entry stands for, and not the entry's own resource.</summary>
    public bool IsOfTag { get; init; }

    /// <summary>Whether its replica does not know that the entry has a tag before it has the entry.</summary>
    public bool IsUnforetold { get; init; }

    /// <summary>How far a clock goes.</summary>
    public TimeSpan Time { get; init; }

    public bool IsWriter => Kind is CopyPartyKind.Write or CopyPartyKind.LongWrite or CopyPartyKind.Refusal or CopyPartyKind.Eviction
        or CopyPartyKind.Answer;

    public bool IsRestart => Kind is CopyPartyKind.Restart or CopyPartyKind.EmptyRestart;

    /// <summary>Whether it happens to what all replicas share.</summary>
    public bool IsOfNoReplica => IsRestart || Kind is CopyPartyKind.Clock or CopyPartyKind.Snapshot;

    /// <summary>Whether answers may have to wait for time, not only for messages.</summary>
    public bool CostsTime => IsRestart || Kind is CopyPartyKind.Kill or CopyPartyKind.Loss or CopyPartyKind.Cut || (Kind == CopyPartyKind.Look && Fault != FaultKind.None);

    public CopyParty With(FaultKind fault, int call) => this with { Fault = fault, FailingCall = call };

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(IsQuick ? "quick " : "")}{(IsUnforetold ? "unforetold " : "")}{Kind}{(IsOfTag ? " of the tag" : "")}{(Kind == CopyPartyKind.Clock ? $" {Time.TotalMilliseconds} ms" : $" {(char)('A' + Replica)}")}{(Fault == FaultKind.None ? "" : $" {Fault} at {FailingCall}")}");
}

/// <summary>What it does.</summary>
internal enum CopyPartyKind
{
    /// <summary>A reader asks; the store carries out the look-up, which takes a lease; the replica has the answer, and a copy.</summary>
    Look,

    /// <summary>Look up and begin fill; the API reads; complete fill.</summary>
    Fill,

    /// <summary>A write begins; the store has begun it; the API commits when the replica knows; the store has ended it; the replica knows, and waits.</summary>
    Write,

    /// <summary>The same, and it takes one more turn until the API commits.</summary>
    LongWrite,

    /// <summary>A write begins; the store has begun it; the API refuses it; the store has ended it; the replica knows.</summary>
    Refusal,

    /// <summary>The API commits what nobody fenced, and the replica evicts; the store has done so; the replica knows, and waits.</summary>
    Eviction,

    /// <summary>
    /// A write as the product's handler of writes carries it out: it begins; the store has begun it; the API commits it, and its answer's head
    /// goes out as soon as it may; the end of that answer is there; the store has ended the write; the replica knows, and waits.
    /// </summary>
    Answer,

    Clock,

    /// <summary>The replica dies, and another takes its place, which knows nothing and has a name of its own.</summary>
    Kill,

    /// <summary>The next message to the replica is delivered, and comes again.</summary>
    Double,

    /// <summary>The next message to the replica is lost.</summary>
    Loss,

    /// <summary>The replica notices that its messages do not come back; and then that they do again.</summary>
    Cut,

    /// <summary>The store saves what is held.</summary>
    Snapshot,

    /// <summary>The store comes back with what it saved, under another replication id.</summary>
    Restart,

    /// <summary>The store comes back with nothing.</summary>
    EmptyRestart,

    /// <summary>The replica, which has lost the store since that came back, finds it.</summary>
    Probe,

    /// <summary>A replica retries what is pending.</summary>
    Retry,
}
