using CacheProxy.Management.Explaining;
using CacheProxy.Management.Figures;
using CacheProxy.Management.Purging;
using CacheProxy.Management.Status;
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
        Read(StatusPage.Path, "The status page, for people", StatusPage.Create, StatusPage.Answers),
        Read(StatusEvents.Path, "The statistics every two seconds, as server-sent events", StatusEvents.Create, StatusEvents.Answers),
        Read(StatisticsPage.Path, "What is counted since the start and of late", StatisticsPage.Create, StatisticsPage.Answers),
        Read(OpenApiDocument.Path, "This document", static _ => OpenApiDocument.Create(Create()), Answer.Text(200, "OpenAPI 3.1.", "application/json")),
        Read(PoliciesPage.All, "The policies in force", static services => PoliciesPage.Of(services).ShowAllAsync, PoliciesPage.Answers),
        Read(PoliciesPage.One, "One policy", static services => PoliciesPage.Of(services).ShowAsync, PoliciesPage.OneAnswer) with { Parameters = PoliciesPage.Parameters },
        Read(ModesPage.OfPolicy, "The mode of a policy", static services => ModesPage.Of(services).ShowPolicyAsync, ModesPage.Answers) with { Parameters = ModesPage.Parameters },
        Change("PUT", ModesPage.OfPolicy, "Switch the mode of a policy", static services => ModesPage.Of(services).SwitchPolicyAsync, ModesPage.Answers) with { Parameters = ModesPage.Parameters, Body = ModesPage.Body },
        Change("DELETE", ModesPage.OfPolicy, "Give a policy its configured mode again", static services => ModesPage.Of(services).RestorePolicyAsync, ModesPage.Answers) with { Parameters = ModesPage.Parameters },
        Read(ModesPage.OfTenant, "The mode of a tenant", static services => ModesPage.Of(services).ShowTenantAsync, ModesPage.Answers) with { Parameters = ModesPage.Parameters },
        Change("PUT", ModesPage.OfTenant, "Switch the mode of a tenant", static services => ModesPage.Of(services).SwitchTenantAsync, ModesPage.Answers) with { Parameters = ModesPage.Parameters, Body = ModesPage.Body },
        Change("DELETE", ModesPage.OfTenant, "Give a tenant its configured mode again", static services => ModesPage.Of(services).RestoreTenantAsync, ModesPage.Answers) with { Parameters = ModesPage.Parameters },
        Change("POST", PurgesPage.Purges, "Purge a resource, a tag, a policy or a tenant", static services => PurgesPage.Of(services).PurgeAsync, PurgesPage.Begun) with { Body = PurgeRequest.Shape },
        Read(PurgesPage.Purges, "The purges and erasures of this replica", static services => PurgesPage.Of(services).ShowAllAsync, PurgesPage.Many),
        Read(PurgesPage.OnePurge, "How far a purge is", static services => PurgesPage.Of(services).ShowAsync, PurgesPage.One) with { Parameters = PurgesPage.Parameters },
        Change("POST", PurgesPage.Erasures, "Erase all that is stored of a tenant", static services => PurgesPage.Of(services).EraseAsync, PurgesPage.Begun) with { Body = PurgesPage.ErasureShape },
        Read(PurgesPage.OneErasure, "How far an erasure is", static services => PurgesPage.Of(services).ShowAsync, PurgesPage.One) with { Parameters = PurgesPage.Parameters },
        Read(ExplainPages.ExplainPath, "What becomes of a request, and why", static services => new ExplainPages(services).ExplainAsync, ExplainShapes.Explained) with { Parameters = ExplainShapes.OfRequest },
        Read(ExplainPages.EntriesPath, "What is stored of one resource, without bodies", static services => new ExplainPages(services).EntriesAsync, ExplainShapes.Found) with { Parameters = ExplainShapes.OfEntry },
        Read(ExplainPages.RefusalsPath, "Requests that were forwarded or not stored lately", static services => new ExplainPages(services).RefusalsAsync, ExplainShapes.Sampled) with { Parameters = ExplainShapes.OfPolicy },
        Read(AuditPage.Path, "How many audited hits were wrong", AuditPage.Create, AuditPage.Answers),
        Read(ShadowPage.Path, "What mode Shadow has shown, and whether to switch on", ShadowPage.Create, ShadowPage.Answers),
        Change("POST", WarmPage.Path, "Warm the policies that are warmed", static services => WarmPage.Create(services.GetRequiredService<Warmer>()), WarmPage.Answers) with { Parameters = WarmPage.Parameters },
        Change("POST", EvictionsPage.Path, "Evict what was written past the sidecar", EvictionsPage.Create, EvictionsPage.Answers) with { Body = EvictionsPage.Body, IsFrequent = true },
    ];
}
