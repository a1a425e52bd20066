using System.Diagnostics;

namespace CacheProxy.Telemetry;

/// <summary>
/// The spans of traced requests: one for what a client asks, below it one for each time that the API is asked and one for each step on Redis.
/// While requests are not traced, there are none.
/// </summary>
internal static class Spans
{
    public const string SourceName = "CacheProxy";

    public const string ErrorType = "error.type";

    /// <summary>The outcome of a request that writes.</summary>
    public const string Write = "write";

    private const string Policy = "cacheproxy.policy";
    private const string Outcome = "cacheproxy.outcome";
    private const string Detail = "cacheproxy.detail";

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody is interested.</summary>
    public static bool AreOn => Source.HasListeners();

    public static Activity? BeginRequest(string name, in ActivityContext parent) => Source.StartActivity(name, ActivityKind.Server, parent);

    public static Activity? BeginUpstream(string name) => Source.StartActivity(name, ActivityKind.Client);

    /// <summary>The trace goes on at the API as a child of this one.</summary>
    public static Activity? Current => Activity.Current is { } span && span.Source == Source ? span : null;

    public static void Fail(Activity span, string error)
    {
        span.SetTag(ErrorType, error);
        span.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>What becomes of the client's request. Of several resources that one write affects, that of the first policy by name is told.</summary>
    public static void Decided(string policy, string outcome, string detail)
    {
        // What goes on in the background has no client, but may have been begun for one who has been answered.
        if (Current is not { Kind: ActivityKind.Server, IsAllDataRequested: true, IsStopped: false } span)
        {
            return;
        }

        // The ends of a write may come on several threads.
        lock (span)
        {
            if (outcome == Write && span.GetTagItem(Outcome) is Write && span.GetTagItem(Policy) is string known && string.CompareOrdinal(known, policy) <= 0)
            {
                return;
            }

            span.SetTag(Policy, policy);
            span.SetTag(Outcome, outcome);
            span.SetTag(Detail, detail.Length > 0 ? detail : null);
        }
    }

    /// <summary>A step on Redis that has just ended. Those that belong to no request have no span.</summary>
    public static void StepTook(string step, TimeSpan waited, bool answered)
    {
        if (Current is not { IsAllDataRequested: true } parent)
        {
            return;
        }

        var now = TimeProvider.System.GetUtcNow();
        using var span = Source.StartActivity(step, ActivityKind.Client, parent.Context, tags: null, links: null, now - waited);
        if (span is not { IsAllDataRequested: true })
        {
            return;
        }

        span.SetTag("db.system.name", "redis");
        span.SetTag("db.operation.name", step);
        if (!answered)
        {
            Fail(span, "unavailable");
        }

        span.SetEndTime(now.UtcDateTime);
    }
}
