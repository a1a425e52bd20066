namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Who takes steps in an explored system, and which.</summary>
internal enum PartyKind
{
    /// <summary>Look up; begin fill; the API reads; complete fill.</summary>
    Fill,

    /// <summary>The same with the first two in one step, for systems that would otherwise be too large.</summary>
    QuickFill,

    /// <summary>A quick fill whose look-up takes the lease itself where there is nothing.</summary>
    ForetoldFill,

    /// <summary>Begin write; the API commits; end write, whereupon the client has its answer.</summary>
    Write,

    /// <summary>Begin write; renew its fence; the API commits; end write.</summary>
    RenewedWrite,

    /// <summary>Begin write; end write, for the API has refused it.</summary>
    RefusedWrite,

    /// <summary>Begin write; end write, for the client has gone away; the API commits all the same.</summary>
    UnansweredWrite,

    /// <summary>Another program: changes the API's data by itself; deletes the key.</summary>
    Deletion,

    /// <summary>Every lease and every fence runs out; entries do not yet.</summary>
    Clock,

    /// <summary>A little more than half of a fence's time passes.</summary>
    HalfClock,

    /// <summary>A quick fill by a request that names its language.</summary>
    SpeakingFill,

    /// <summary>From now on the API's answers depend on the language, and say so.</summary>
    Deployment,

    /// <summary>The API commits what nobody fenced; its answer names the resource and the replica is about to evict; the store does.</summary>
    Eviction,

    /// <summary>The API's data is changed past all replicas; who did it tells one of them; and tells it again if it was not taken.</summary>
    OutsideWrite,

    /// <summary>The API commits past all replicas; an operator purges softly what is stored of it.</summary>
    SoftPurge,

    /// <summary>The store answers a look-up of a replica that keeps copies; the replica has the answer.</summary>
    SlowRead,

    /// <summary>A replica tries the evictions that are due, and removes them from what is pending if the store takes them.</summary>
    Retry,

    /// <summary>Redis saves what it holds.</summary>
    Snapshot,

    /// <summary>Redis returns with what it saved last, and with a new replication id, which all replicas know.</summary>
    Restart,

    /// <summary>Redis returns with nothing.</summary>
    EmptyRestart,

    /// <summary>The primary's replication id is in doubt; a node that holds what was saved last takes over; its id is known.</summary>
    Failover,
}
