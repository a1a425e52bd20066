namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>Who takes steps in an explored system, and which.</summary>
internal enum PartyKind
{
    /// <summary>Look up; begin fill; the API reads; complete fill.</summary>
    Fill,

    /// <summary>The same with the first two in one step, for systems that would otherwise be too large.</summary>
    QuickFill,

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
}
