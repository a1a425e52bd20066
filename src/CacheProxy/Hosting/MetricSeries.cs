using System.Diagnostics.Metrics;
using CacheProxy.Auditing;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Intake;
using CacheProxy.Proxy;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Warming;
using CacheProxy.Writing;

namespace CacheProxy.Hosting;

/// <summary>
/// Shows which version runs, and every policy's and destination's counters from the start, at 0: a series that appears with its first
/// event, at 1, hides that event from <c>rate</c> and <c>increase</c>, and so from alerts.
/// </summary>
internal sealed class MetricSeries : IHostedService
{
    private readonly CacheMetrics _cache;
    private readonly FillLimits _limits;
    private readonly WarmMetrics _warm;
    private readonly AuditMetrics _audits;
    private readonly WriteMetrics _writes;
    private readonly EvictionWaits _waits;
    private readonly UpstreamMetrics _upstream;
    private readonly IntakeMetrics _intake;
    private readonly CopyMetrics _copies;
    private readonly ConfigurationReloader _configuration;

    public MetricSeries(
        CacheMetrics cache,
        FillLimits limits,
        WarmMetrics warm,
        AuditMetrics audits,
        WriteMetrics writes,
        EvictionWaits waits,
        UpstreamMetrics upstream,
        IntakeMetrics intake,
        CopyMetrics copies,
        ConfigurationReloader configuration,
        IMeterFactory meters)
    {
        (_cache, _limits, _warm, _audits, _writes, _waits) = (cache, limits, warm, audits, writes, waits);
        (_upstream, _intake, _copies, _configuration) = (upstream, intake, copies, configuration);
        var build = new Measurement<int>(1, new KeyValuePair<string, object?>("version", Version));
        var meter = meters.Create(CacheProxyMeter.Name);
        meter.CreateObservableGauge("cacheproxy.build.info", () => build, "{build}", "Always 1; its label says which version runs");
        meter.CreateObservableGauge("cacheproxy.memory.resident", static () => Environment.WorkingSet, "By", "Memory of the process that is in RAM");
        meter.CreateObservableGauge(
            "cacheproxy.configuration.refused",
            () => configuration.IsRefused ? 1 : 0,
            "{state}",
            "1 while the configuration files could not be taken over and an earlier configuration is in force");
        meter.CreateObservableGauge(
            "cacheproxy.modes.switched", () => configuration.Switched.Count, "{mode}", "Policies and tenants whose mode was switched at run time on this replica");
    }

    /// <summary>Of the program.</summary>
    public static string? Version { get; } = typeof(MetricSeries).Assembly.GetName().Version?.ToString(3);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _configuration.Changed += Begin;
        Begin(_configuration.Current);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _configuration.Changed -= Begin;
        return Task.CompletedTask;
    }

    private void Begin(ConfigurationSnapshot configuration)
    {
        // One that is off has nothing to compute rates of until a reload switches it on.
        foreach (var policy in configuration.Options.Policies.Where(static policy => policy.Mode != CacheMode.Off))
        {
            _cache.Begin(policy.Name);
            _limits.Begin(policy);
            if (policy.Warm.Top > 0)
            {
                _warm.Begin(policy.Name);
            }

            if (policy.Audit > 0)
            {
                _audits.Begin(policy.Name);
            }

            _writes.Begin(policy.Name);
            foreach (var rule in policy.Evicts)
            {
                if (!rule.Values.IsEmpty)
                {
                    _writes.BeginPointed(rule.Policy);
                }
            }
        }

        _intake.Begin();
        _copies.Begin();
        _waits.Begin();
        foreach (var cluster in configuration.Proxy.Clusters)
        {
            _upstream.Begin(cluster.ClusterId);
            foreach (var destination in cluster.Destinations?.Keys ?? [])
            {
                _upstream.Begin(cluster.ClusterId, destination);
            }
        }
    }
}
