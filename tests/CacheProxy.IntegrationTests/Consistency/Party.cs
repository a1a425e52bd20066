namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>One that takes steps.</summary>
/// <param name="Kind">Which steps.</param>
/// <param name="Steps">How many of them; fewer than all means that it crashes there.</param>
internal readonly record struct Party(PartyKind Kind, int Steps)
{
    public static Party Whole(PartyKind kind) => new(kind, StepsOf(kind));

    public bool Crashes => Steps < StepsOf(Kind);

    /// <summary>Whether it writes and its client is never told so.</summary>
    public bool IsUnanswered => Kind == PartyKind.UnansweredWrite || (Kind is PartyKind.Write or PartyKind.RenewedWrite && Crashes);

    public static int StepsOf(PartyKind kind) => kind switch
    {
        PartyKind.Fill => 4,
        PartyKind.QuickFill => 3,
        PartyKind.Write => 3,
        PartyKind.RenewedWrite => 4,
        PartyKind.RefusedWrite => 2,
        PartyKind.UnansweredWrite => 3,
        PartyKind.Deletion => 2,
        PartyKind.Clock => 1,
    };
}
