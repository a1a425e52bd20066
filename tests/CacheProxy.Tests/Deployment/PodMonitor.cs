using k8s;
using k8s.Models;

namespace CacheProxy.Tests.Deployment;

/// <summary>The fields of the Prometheus Operator's PodMonitor that are used here; any other is unknown.</summary>
internal sealed class PodMonitor : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();

    public required PodMonitorSpec Spec { get; set; }
}

internal sealed class PodMonitorSpec
{
    public required V1LabelSelector Selector { get; set; }

    public required List<PodMetricsEndpoint> PodMetricsEndpoints { get; set; }
}

internal sealed class PodMetricsEndpoint
{
    public string? Port { get; set; }

    public string? Path { get; set; }

    public string? Interval { get; set; }
}

/// <summary>Those of its PrometheusRule.</summary>
internal sealed class PrometheusRule : IKubernetesObject<V1ObjectMeta>
{
    public string ApiVersion { get; set; } = "";

    public string Kind { get; set; } = "";

    public V1ObjectMeta Metadata { get; set; } = new();

    public required PrometheusRuleSpec Spec { get; set; }
}

internal sealed class PrometheusRuleSpec
{
    public required List<PrometheusRuleGroup> Groups { get; set; }
}

internal sealed class PrometheusRuleGroup
{
    public required string Name { get; set; }

    public string? Interval { get; set; }

    public required List<PrometheusRuleEntry> Rules { get; set; }
}

internal sealed class PrometheusRuleEntry
{
    public string? Record { get; set; }

    public string? Alert { get; set; }

    public required string Expr { get; set; }

    public string? For { get; set; }

    public Dictionary<string, string>? Labels { get; set; }

    public Dictionary<string, string>? Annotations { get; set; }
}
