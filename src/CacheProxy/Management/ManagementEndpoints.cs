using CacheProxy.Management.Figures;
using CacheProxy.Warming;
using static CacheProxy.Management.ManagementEndpoint;

namespace CacheProxy.Management;

/// <summary>All that the management listener answers, one line each; docs/administration.md has a section of each.</summary>
internal static class ManagementEndpoints
{
    public static IReadOnlyList<ManagementEndpoint> Create() =>
    [
        Open(Probes.LivePath, "Whether the process runs", static _ => Probes.Live, Answer.Text(200, "It does.")),
        Open(Probes.ReadyPath, "Whether it serves", static services => Probes.Ready(services.GetRequiredService<IHostApplicationLifetime>()), Answer.Text(200, "It does."), Answer.Text(503, "It stops.")),
        Open(MetricsPage.Path, "The metrics, for Prometheus", StatisticsPage.NoticingMetrics, Answer.Text(200, "All series.")),
        Read(StatisticsPage.Path, "What is counted since the start and of late", StatisticsPage.Create, StatisticsPage.Answers),
        Read(OpenApiDocument.Path, "This document", static _ => OpenApiDocument.Create(Create()), Answer.Text(200, "OpenAPI 3.1.", "application/json")),
        Change("POST", WarmPage.Path, "Warm the policies that are warmed", static services => WarmPage.Create(services.GetRequiredService<Warmer>()), WarmPage.Answers) with { Parameters = WarmPage.Parameters },
    ];
}
