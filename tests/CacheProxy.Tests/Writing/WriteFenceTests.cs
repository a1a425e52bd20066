using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Management;
using CacheProxy.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Writing;

public sealed class WriteFenceTests
{
    [Fact]
    public async Task A_write_waits_for_the_store_no_longer_than_one_timeout_however_much_its_answer_names()
    {
        var timeout = TimeSpan.FromMilliseconds(250);
        var store = new SpentBudget();
        var options = new CachePolicyOptions { Name = "any", Key = "{host}{path}" };
        var policy = new CachePolicy(options, KeyTemplate.TryParse(options.Key, out var template, out _) ? template! : throw new InvalidOperationException());
        using var exposition = new Exposition();
        using var copies = new LocalCopies(TimeProvider.System);
        var pending = new PendingEvictions(TimeProvider.System, NullLogger<PendingEvictions>.Instance);
        var cache = new ResourceCache(store, pending, copies, new VaryHints(), new AbsentKeys());
        var metrics = new WriteMetrics(exposition.Meters, store, pending);
        await using var write = new WriteFence(
            new WriteServices(cache, new CacheEventLog(NullLoggerFactory.Instance), metrics, TimeProvider.System), timeout, [Target("host/a")]);

        Assert.True(await write.TryBeginAsync());
        await write.EvictAsync(Target("host/b"));
        await write.EvictAsync(Target("host/c"));
        await write.EndAsync(WriteResult.Changed);

        Assert.Equal(timeout, store.Waited);
        Assert.All(["host/a", "host/b", "host/c"], key => Assert.True(pending.MustForward(new ResourceKey(key))));

        EvictionTarget Target(string key) => new(policy, new ResourceKey(key), null, null);
    }
}
