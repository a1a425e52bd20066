using CacheProxy.Warming;

namespace CacheProxy.Management;

/// <summary><c>POST /warm</c>: warms all policies that are warmed, or one.</summary>
internal static class WarmPage
{
    public const string Path = "/warm";
    private const string Policy = "policy";

    public static readonly ProblemKind NothingToWarm = new(StatusCodes.Status409Conflict, "nothing-to-warm", "No such policy is warmed");

    public static Parameter[] Parameters => [new(Policy, "Only this policy. Without it, all that have Warm:Top.")];

    public static Answer[] Answers =>
    [
        Answer.Json(202, "Warming begins as soon as this replica leads.", Shape.Of("", ("policies", Shape.List("The policies that are warmed.", Shape.Text("A name."))))),
    ];

    public static RequestDelegate Create(Warmer warmer) => context =>
    {
        var wanted = context.Request.Query[Policy].ToString();
        var policies = warmer.Demand(wanted.Length == 0 ? null : wanted);
        if (policies.Count == 0)
        {
            ChangeRecord.Say(context, "warming of no policy");
            return Problem.WriteAsync(context, NothingToWarm, wanted.Length == 0 ? "No policy has Warm:Top." : "There is no policy of that name with Warm:Top.");
        }

        ChangeRecord.Say(context, $"warming of {string.Join(", ", policies)}");
        return JsonContent.WriteAsync(context, StatusCodes.Status202Accepted, json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("policies");
            foreach (var policy in policies)
            {
                json.WriteStringValue(policy);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    };
}
