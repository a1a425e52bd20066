using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Hosting;

/// <summary>
/// Hands the store what it needs of each configuration that comes into force, and gives back the leases that are not wanted any more: those of
/// a policy without <c>MemoryTtl</c>, and all as soon as the process is to stop.
/// </summary>
internal sealed partial class StoreSettings(
    ConfigurationReloader configuration,
    EntrySeal seal,
    TenantKeys tenants,
    ICacheStore store,
    LocalCopies copies,
    CopyLeases leases,
    LongestLease longest,
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<StoreSettings> logger) : IHostedService
{
    // What is not given back runs out.
    private static readonly TimeSpan MostForReleases = TimeSpan.FromSeconds(2);

    private string _keys = "";
    private Task _stopping = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        store.Channel?.Attach(leases);
        configuration.Changed += Apply;
        Apply(configuration.Current);
        // While requests under way are still answered: nobody else need wait for copies of this replica from then on.
        lifetime.ApplicationStopping.Register(() => _stopping = leases.StopAsync());
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        configuration.Changed -= Apply;
        try
        {
            await _stopping.WaitAsync(MostForReleases, time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // The store does not answer.
        }
    }

    private void Apply(ConfigurationSnapshot snapshot)
    {
        var ring = snapshot.Options.Keys;
        seal.Use(ring);
        tenants.Use(snapshot.Policies.All.Select(static policy => policy.Template));
        ApplyToCopies(snapshot);
        if (ring.Ids != _keys)
        {
            _keys = ring.Ids;
            KeysInUse(logger, _keys);
        }
    }

    private void ApplyToCopies(ConfigurationSnapshot snapshot)
    {
        CachePolicy[] holding = [.. snapshot.Policies.All.Where(static policy => policy.Options is { Mode: not CacheMode.Off, MemoryTtl.Ticks: > 0 })];
        copies.AreWanted = holding.Length > 0;
        foreach (var policy in holding)
        {
            longest.Raise(policy.Options.MemoryTtl);
        }

        if (copies.Count > 0)
        {
            // Generations of tags belong to no policy, and run out.
            CachePolicy[] others = [.. snapshot.Policies.All.Except(holding)];
            _ = leases.DropAsync(key => Array.Exists(others, policy => policy.Template.Makes(key.Value)));
        }
    }

    [LoggerMessage(1003, LogLevel.Information, "Encryption keys in use, the first of them for what is stored from now on: {KeyIds}")]
    private static partial void KeysInUse(ILogger logger, string keyIds);
}
