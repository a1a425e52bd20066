namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>The parties of systems with two replicas, and the faults that they can have.</summary>
internal static class Parties
{
    public static Party Fill { get; } = Party.Whole(PartyKind.QuickFill);

    public static Party ForetoldFill { get; } = Party.Whole(PartyKind.ForetoldFill);

    public static Party SpeakingFill { get; } = Party.Whole(PartyKind.SpeakingFill);

    public static Party Write { get; } = Party.Whole(PartyKind.Write);

    public static Party StrictWrite { get; } = Write with { IsStrict = true };

    public static Party RenewedWrite { get; } = Party.Whole(PartyKind.RenewedWrite);

    public static Party RefusedWrite { get; } = Party.Whole(PartyKind.RefusedWrite);

    public static Party UnansweredWrite { get; } = Party.Whole(PartyKind.UnansweredWrite);

    public static Party Eviction { get; } = Party.Whole(PartyKind.Eviction);

    public static Party OutsideWrite { get; } = Party.Whole(PartyKind.OutsideWrite);

    public static Party Deletion { get; } = Party.Whole(PartyKind.Deletion);

    public static Party Retry { get; } = Party.Whole(PartyKind.Retry);

    public static Party Clock { get; } = Party.Whole(PartyKind.Clock);

    public static Party HalfClock { get; } = Party.Whole(PartyKind.HalfClock);

    public static Party SlowRead { get; } = Party.Whole(PartyKind.SlowRead);

    public static Party Deployment { get; } = Party.Whole(PartyKind.Deployment);

    public static Party Snapshot { get; } = Party.Whole(PartyKind.Snapshot);

    public static Party Restart { get; } = Party.Whole(PartyKind.Restart);

    public static Party EmptyRestart { get; } = Party.Whole(PartyKind.EmptyRestart);

    public static Party Failover { get; } = Party.Whole(PartyKind.Failover);

    public static Party ThroughAnother(Party party) => party with { Replica = 1 };

    /// <summary>The system as it is, and with each call of each of its parties failing in each way; an outage also from there on.</summary>
    public static IEnumerable<Party[]> WithFaults(params Party[] system)
    {
        yield return system;
        for (var i = 0; i < system.Length; i++)
        {
            var (first, calls) = CallsOf(system[i].Kind);
            for (var call = first; call < calls; call++)
            {
                foreach (var kind in (FaultKind[])[FaultKind.NotCarriedOut, FaultKind.ReplyLost, FaultKind.Late])
                {
                    yield return Failing(system, i, new StepFault(kind, call, 1));
                }

                if (call + 1 < calls)
                {
                    yield return Failing(system, i, new StepFault(FaultKind.NotCarriedOut, call, calls - call));
                }
            }
        }
    }

    /// <summary>As <see cref="WithFaults"/>; a system that takes minutes is played only on demand.</summary>
    public static IEnumerable<Party[]> LargeWithFaults(params Party[] system) => Exploration.IsFull ? WithFaults(system) : [];

    private static Party[] Failing(Party[] system, int party, StepFault fault) =>
        [.. system[..party], system[party].With(fault), .. system[(party + 1)..]];

    // A look-up of a fill that fails is a read that does not fill.
    private static (int First, int Calls) CallsOf(PartyKind kind) => kind switch
    {
        PartyKind.QuickFill => (1, 3),
        PartyKind.ForetoldFill => (0, 3),
        PartyKind.Write or PartyKind.RefusedWrite or PartyKind.OutsideWrite => (0, 2),
        PartyKind.RenewedWrite or PartyKind.UnansweredWrite => (0, 3),
        PartyKind.Eviction or PartyKind.Retry => (0, 1),
        _ => (0, 0),
    };
}
