using System.Diagnostics.Metrics;
using CacheProxy.Telemetry;

namespace CacheProxy.Auditing;

/// <summary>What audits have shown. Tags come from closed sets.</summary>
internal sealed class AuditMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _audits = meters.Create(CacheProxyMeter.Name).CreateCounter<long>(
        "cacheproxy.audits", "{hit}", "Hits that were compared with what the API answers, by policy and result");

    /// <summary>Makes a policy's series exist.</summary>
    public void Begin(string policy)
    {
        foreach (var result in Enum.GetValues<AuditResult>())
        {
            Count(policy, result, count: 0);
        }
    }

    public void Count(string policy, AuditResult result, int count = 1) => _audits.Add(
        count, new KeyValuePair<string, object?>("policy", policy), new KeyValuePair<string, object?>("result", AuditResults.ToToken(result)));
}

/// <summary>What an audit of a hit has shown.</summary>
internal enum AuditResult
{
    /// <summary>The API answers the same.</summary>
    Right,

    /// <summary>The API answers otherwise, although a write that named the resource went through this replica since it was stored.</summary>
    WrongWriteSeen,

    /// <summary>The API answers otherwise, and no write that named the resource went through this replica.</summary>
    WrongNoWriteSeen,

    /// <summary>The entry is not there any more, or a write is under way: nothing can be said of it.</summary>
    Superseded,

    /// <summary>The API answers otherwise each time it is asked, or the same again when it is asked once more.</summary>
    Unsteady,

    /// <summary>The API refuses the client's credentials by now, or has answered too many requests.</summary>
    Refused,

    /// <summary>The API gave no answer, or one that says that it failed.</summary>
    Failed,

    /// <summary>The store did not answer.</summary>
    Unavailable,

    /// <summary>The API was not asked: its places are taken, it has failed lately, memory is short, or the sample has become too old.</summary>
    Skipped,
}

/// <summary>The stable words for it, in metrics and on pages.</summary>
internal static class AuditResults
{
    public static string ToToken(AuditResult result) => result switch
    {
        AuditResult.Right => "right",
        AuditResult.WrongWriteSeen => "wrong-write-seen",
        AuditResult.WrongNoWriteSeen => "wrong-no-write-seen",
        AuditResult.Superseded => "superseded",
        AuditResult.Unsteady => "unsteady",
        AuditResult.Refused => "refused",
        AuditResult.Failed => "failed",
        AuditResult.Unavailable => "unavailable",
        AuditResult.Skipped => "skipped",
    };
}
