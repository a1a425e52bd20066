using CacheProxy.Auditing;
using CacheProxy.Reading.Comparing;

namespace CacheProxy.Hosting;

/// <summary>What compares answers: audits, and the report on mode Shadow.</summary>
internal static class ComparingServices
{
    public static void AddTo(IServiceCollection services)
    {
        // Nothing of the audits is made before there is something to audit.
        services.AddSingleton(static provider => new HitSamples(provider, provider.GetRequiredService<TimeProvider>())
        {
            Begin = () => provider.GetRequiredService<Auditor>().Start(),
        });
        services.AddSingleton<SeenWrites>();
        services.AddSingleton<RepeatedReads>();
        services.AddSingleton<SeenRequests>();
        services.AddSingleton<ShadowReport>();
        services.AddSingleton<Audit>();
        services.AddSingleton<AuditReport>();
        services.AddSingleton<AuditMetrics>();
        services.AddSingleton<Auditor>();
    }
}
