namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>One that takes steps.</summary>
/// <param name="Kind">Which steps.</param>
/// <param name="Steps">How many of them; fewer than all means that it crashes there.</param>
internal readonly record struct Party(PartyKind Kind, int Steps)
{
    /// <summary>The replica that it goes through, where there are replicas.</summary>
    public int Replica { get; init; }

    /// <summary>What goes wrong between its replica and the store.</summary>
    public StepFault Fault { get; init; }

    /// <summary>Whether its policy would rather not write than write without a fence.</summary>
    public bool IsStrict { get; init; }

    public bool Crashes => Steps < StepsOf(Kind);

    /// <summary>Whether it writes and its client is never told so.</summary>
    public bool IsUnanswered => Kind == PartyKind.UnansweredWrite || (Kind is PartyKind.Write or PartyKind.RenewedWrite && Crashes);

    public static Party Whole(PartyKind kind) => new(kind, StepsOf(kind));

    public static int StepsOf(PartyKind kind) => kind switch
    {
        PartyKind.Fill => 4,
        PartyKind.QuickFill or PartyKind.ForetoldFill or PartyKind.SpeakingFill => 3,
        PartyKind.Write => 3,
        PartyKind.RenewedWrite => 4,
        PartyKind.RefusedWrite => 2,
        PartyKind.UnansweredWrite => 3,
        PartyKind.Eviction or PartyKind.OutsideWrite => 3,
        PartyKind.SlowRead or PartyKind.SoftPurge => 2,
        PartyKind.Deletion => 2,
        PartyKind.Failover => 3,
        PartyKind.Clock or PartyKind.HalfClock or PartyKind.Retry or PartyKind.Deployment => 1,
        PartyKind.Snapshot or PartyKind.Restart or PartyKind.EmptyRestart => 1,
    };

    /// <summary>The same with a fault; a step that comes late takes one more of its own.</summary>
    public Party With(StepFault fault) => this with { Fault = fault, Steps = StepsOf(Kind) + (fault.Kind == FaultKind.Late ? 1 : 0) };

    public override string ToString() => string.Concat(
        Kind.ToString(),
        Replica == 0 ? "" : " through another replica",
        Crashes ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", crashing after {Steps}") : "",
        Fault.Kind == FaultKind.None ? "" : ", " + Fault);
}
