namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>Which steps have to do with each other.</summary>
internal sealed partial class CopyRun
{
    /// <summary>What a step has to do with.</summary>
    public CopyTouch Touches(CopyStep step) => step.Kind switch
    {
        CopyStepKind.Delivery => Touches(Next(step.Number)!, step.Number),
        CopyStepKind.LateCall => _replicas[step.Number].Steps.Late.Peek().IsRelease ? CopyTouch.Store : CopyTouch.Everything,
        CopyStepKind.Turn => Touches(_parties[step.Number], step.Way) | (CopyTouch)((int)CopyTouch.FirstParty << step.Number),
    };

    // An acknowledgement may be the last that an answer waits for; what comes of an invalidation goes to its writer, and into calls of the replica's own.
    private CopyTouch Touches(Tests.Store.ReplicaMessage message, int to) =>
        MemoryOf(to) | MessagesTo(to)
        | (message.IsInvalidation ? MessagesTo(_replicas.FindIndex(replica => replica.Name == message.From)) : CopyTouch.Api);

    private static CopyTouch Touches(CopyTurns turns, int way) => turns.Party switch
    {
        { IsQuick: true } => CopyTouch.Everything,
        // What fails may be among the late calls from then on.
        { Kind: CopyPartyKind.Look, Fault: FaultKind.None } when turns.IsCarriedOut(way) => CopyTouch.Store,
        { Kind: CopyPartyKind.Look } or { IsWriter: true } when turns.IsCarriedOut(way) => CopyTouch.Store | CopyTouch.Messages,
        { Kind: CopyPartyKind.Look } when turns.Next(way) == CopyTurns.Reply => MemoryOf(turns.Party.Replica),
        // By when a reader began, what it must see is known.
        { Kind: CopyPartyKind.Look } or { IsWriter: true } => MemoryOf(turns.Party.Replica) | CopyTouch.Api,
        _ => CopyTouch.Everything,
    };

    private static CopyTouch MemoryOf(int replica) => (CopyTouch)((int)CopyTouch.FirstMemory << replica);

    // One that has died since has sent it, and hears nothing any more.
    private static CopyTouch MessagesTo(int replica) => replica < 0 ? CopyTouch.Nothing : (CopyTouch)((int)CopyTouch.FirstMessages << replica);
}
