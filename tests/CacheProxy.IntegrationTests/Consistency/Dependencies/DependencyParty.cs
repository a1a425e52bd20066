namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>One that takes steps in a system of a customer that contains a pet.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Steps">After how many steps it crashes; 0 for never.</param>
/// <param name="FailingCall">Which of its calls to the store fails, from 0.</param>
/// <param name="Fault">How.</param>
internal sealed record DependencyParty(DependencyPartyKind Kind, int Steps = 0, int FailingCall = -1, FaultKind Fault = FaultKind.None)
{
    public bool IsStrict { get; init; }

    public bool Writes => Kind is DependencyPartyKind.Write or DependencyPartyKind.RenewedWrite or DependencyPartyKind.UnansweredWrite;

    public override string ToString() => string.Concat(
        Kind.ToString(),
        IsStrict ? ", strict" : "",
        Steps == 0 ? "" : FormattableString.Invariant($", crashing after {Steps}"),
        Fault == FaultKind.None ? "" : FormattableString.Invariant($", {Fault} at call {FailingCall}"));
}

/// <summary>Which steps.</summary>
internal enum DependencyPartyKind
{
    /// <summary>Begin fill of the customer; the API reads; register; complete fill.</summary>
    Fill,

    /// <summary>Begin write of the pet; evict the customer, if it is known; the API commits; end write; evict once more, if it has to be.</summary>
    Write,

    /// <summary>A write that is renewed before the API commits.</summary>
    RenewedWrite,

    /// <summary>A write whose client has left: the API commits after its end.</summary>
    UnansweredWrite,

    /// <summary>The API commits what nobody fenced; its answer names the pet, which is evicted with what contains it.</summary>
    Eviction,

    /// <summary>Every lease and every fence runs out; entries do not yet.</summary>
    Clock,

    /// <summary>A write's deadline passes, but no lease.</summary>
    HalfClock,

    /// <summary>The pets' node saves what it has.</summary>
    Snapshot,

    /// <summary>The pets' node is back with what it saved, under another replication id.</summary>
    Restart,

    /// <summary>The pets' node is back with nothing.</summary>
    EmptyRestart,

    /// <summary>The writing replica retries what is pending.</summary>
    Retry,
}
