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
