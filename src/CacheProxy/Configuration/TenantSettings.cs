using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Tenants</c>.</summary>
internal static class TenantSettings
{
    private const int LeastBytes = 1024;
    private const long MostBytes = 1L << 40;
    private const int MostEntries = 100_000_000;

    public static ImmutableArray<TenantLimits> Read(SettingsReader reader)
    {
        var tenants = ImmutableArray.CreateBuilder<TenantLimits>();
        foreach (var section in reader.Sections())
        {
            var name = section.Name.ToLowerInvariant();
            if (name != TenantLimits.Everybody && !TenantName.TryParse(name, out _))
            {
                section.Refuse("", null, "a tenant: a DNS label (letters, digits, inner hyphens, at most 63); or * for all that are not named");
            }

            var mode = section.Choice(nameof(TenantLimits.Mode), CacheMode.On);
            tenants.Add(new TenantLimits
            {
                Name = name,
                Mode = section.Text(nameof(TenantLimits.Mode)) is null ? null : mode,
                MaxEntries = section.Number(nameof(TenantLimits.MaxEntries), 1, MostEntries),
                MaxBytes = section.Number(nameof(TenantLimits.MaxBytes), LeastBytes, MostBytes),
            });
            section.RefuseTheRest();
        }

        return tenants.ToImmutable();
    }
}
