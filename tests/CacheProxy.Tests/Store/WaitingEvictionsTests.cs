using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Telemetry;
using CacheProxy.Tests.Harness;
using CacheProxy.Tests.Management;
using CacheProxy.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>Every way in which something is evicted waits for the replicas that hold it.</summary>
public sealed class WaitingEvictionsTests : IAsyncDisposable
{
    private static readonly ResourceKey Key = new("demo:customer:123");
    private static readonly ResourceKey Pet = new("demo:pet:7");

    private readonly HoldingReplica _replica = new();
    private readonly Exposition _exposition = new();

    public static TheoryData<string> Ways => [.. Evictions.Keys];

    private static Dictionary<string, Func<WaitingEvictionsTests, Task>> Evictions { get; } = new()
    {
        ["a resource"] = static test => test._replica.Cache.EvictAsync(Key, "t", HoldingReplica.Budget).AsTask(),
        ["what contains a resource"] = static async test =>
        {
            await test._replica.Store.RegisterAsync(Pet, Key, TimeSpan.FromMinutes(5), 10, HoldingReplica.Budget);
            await test._replica.Cache.EvictAsync(Pet, "t", HoldingReplica.Budget, hasDependents: true);
        },
        ["a purge of many"] = static test => test.PurgeAllAsync(isSoft: false),
        ["a soft purge of many"] = static test => test.PurgeAllAsync(isSoft: true),
        ["an outside write"] = static test => test.OutsideAsync(),
        ["a write, by its end"] = static async test =>
        {
            await using var write = test.Write(CacheMode.Off);
            Assert.True(await write.TryBeginAsync());
            await write.EndAsync(WriteResult.Changed);
            Assert.True(await write.IsThroughAsync(CancellationToken.None));
        },
        ["a write, by its beginning"] = static async test =>
        {
            await using var write = test.Write(CacheMode.On);
            Assert.True(await write.TryBeginAsync());
            Assert.True(await write.AreHoldersThroughAsync(CancellationToken.None));
        },
        ["what an answer names"] = static async test =>
        {
            await using var write = test.Write(CacheMode.On, "demo:customer:124");
            Assert.True(await write.TryBeginAsync());
            await write.EvictAsync(test.Target(CacheMode.On, Key.Value));
            Assert.True(await write.IsThroughAsync(CancellationToken.None));
        },
        ["what contains what is written"] = static async test =>
        {
            await test._replica.Store.RegisterAsync(Pet, Key, TimeSpan.FromMinutes(5), 10, HoldingReplica.Budget);
            using var awaited = test._replica.Cache.Await();
            var fence = new ResourceFence(Pet, "w", TimeSpan.FromSeconds(30), HoldingReplica.Budget, IndexFence.For(true, "w", TimeSpan.FromSeconds(1)))
            {
                Awaited = awaited,
            };
            await test._replica.Cache.BeginWriteAsync(fence);
            Assert.True(fence.IsSet);
            await test._replica.Cache.EndWriteAsync(fence, WriteResult.Changed);
            Assert.True(await awaited!.WaitAsync(CancellationToken.None));
        },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task It_is_done_when_the_holder_has_answered(string way)
    {
        await _replica.HoldAsync(Key);

        var evicting = Evictions[way](this);

        Assert.Contains(_replica.Shared.Bus.Waiting, static message => message.IsInvalidation && message.Key == Key);
        Assert.False(evicting.IsCompleted);
        _replica.Acknowledge(Key);
        _replica.Deliver();
        await evicting;
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task It_is_done_when_the_lease_of_a_holder_that_is_gone_has_run_out(string way)
    {
        await _replica.HoldAsync(Key);

        var evicting = Evictions[way](this);

        _replica.Time.Advance(HoldingReplica.Lease - TimeSpan.FromMilliseconds(1));
        Assert.False(evicting.IsCompleted);
        _replica.Time.Advance(TimeSpan.FromMilliseconds(2));
        await evicting;
    }

    [Fact]
    public async Task Nothing_waits_where_nobody_holds_anything()
    {
        foreach (var evict in Evictions.Values)
        {
            await evict(this);
        }

        Assert.Empty(_replica.Shared.Bus.Waiting);
    }

    [Fact]
    public async Task An_eviction_that_was_pending_stays_so_until_its_holder_has_answered()
    {
        await _replica.HoldAsync(Key);
        using var retries = new EvictionRetries(
            _replica.Pending, _replica.Store, _replica.Cache, _replica.Time, NullLogger<EvictionRetries>.Instance);
        _replica.Pending.Add(Key, "t");

        // The last attempt of a process that stops is like all before it.
        await retries.StopAsync(CancellationToken.None);

        Assert.True(_replica.Cache.IsEvictionPending(Key));
        _replica.Acknowledge(Key);
        _replica.Deliver();
        await Eventually.TrueAsync(() => !_replica.Cache.IsEvictionPending(Key));
    }

    public async ValueTask DisposeAsync()
    {
        _exposition.Dispose();
        await _replica.DisposeAsync();
    }

    private Task PurgeAllAsync(bool isSoft) => _replica.Cache.PurgeAllAsync(
        new KeySelection("demo:customer:*", static key => key.StartsWith("demo:customer:", StringComparison.Ordinal), HaveDependents: false),
        isSoft,
        new Progress<long>(),
        CancellationToken.None);

    private Task OutsideAsync() => new OutsideEvictions(_replica.Cache, Events, Metrics, _replica.Time).EvictAsync([Target(CacheMode.On, Key.Value)]);

    private WriteFence Write(CacheMode mode, string? key = null) => new(
        new WriteServices(_replica.Cache, Events, Metrics, _replica.Time), TimeSpan.FromDays(1), [Target(mode, key ?? Key.Value)]);

    private EvictionTarget Target(CacheMode mode, string key)
    {
        var options = new CachePolicyOptions { Name = "customer", Key = "{tenant}:customer:{id}", Mode = mode };
        var policy = new CachePolicy(options, KeyTemplate.TryParse(options.Key, out var template, out _) ? template! : throw new InvalidOperationException());
        return new EvictionTarget(policy, new ResourceKey(key), null, null);
    }

    private static CacheEventLog Events => new(NullLoggerFactory.Instance);

    private WriteMetrics Metrics => new(_exposition.Meters, _replica.Store, _replica.Pending);
}
