using CacheProxy.Configuration;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Hosting;

/// <summary>Hands the store what it needs of each configuration that comes into force.</summary>
internal sealed partial class StoreSettings(
    ConfigurationReloader configuration, EntrySeal seal, TenantKeys tenants, ILogger<StoreSettings> logger) : IHostedService
{
    private string _keys = "";

    public Task StartAsync(CancellationToken cancellationToken)
    {
        configuration.Changed += Apply;
        Apply(configuration.Current);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        configuration.Changed -= Apply;
        return Task.CompletedTask;
    }

    private void Apply(ConfigurationSnapshot snapshot)
    {
        var ring = snapshot.Options.Keys;
        seal.Use(ring);
        tenants.Use(snapshot.Policies.All.Select(static policy => policy.Template));
        if (ring.Ids != _keys)
        {
            _keys = ring.Ids;
            KeysInUse(logger, _keys);
        }
    }

    [LoggerMessage(1003, LogLevel.Information, "Encryption keys in use, the first of them for what is stored from now on: {KeyIds}")]
    private static partial void KeysInUse(ILogger logger, string keyIds);
}
