using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Erasing_a_tenant_leaves_nothing_of_it_and_everything_of_others()
    {
        using var world = new ErasedWorld(Store);
        var (mine, other) = (world.NewTenant(), world.NewTenant());
        ResourceKey[] gone = [.. Enumerable.Range(0, 150).Select(i => new ResourceKey($"{mine}:customer:{i}")), new($"pets/of/{mine}|7"), new($"{mine}:catalog")];
        // Keys that hold the tenant's name elsewhere, or are nobody's.
        ResourceKey[] kept = [new($"{other}:customer:{mine}"), new($"pets/of/{other}|{mine}"), new($"{mine}x:customer:1"), new($"{other}:catalog"), new($"{mine}:unknown:1")];
        foreach (var key in (ResourceKey[])[.. gone, .. kept])
        {
            await world.FillAsync(key);
        }

        var seen = new List<long>();
        var erasure = await world.Cache.EraseAsync(mine, new Progressed(seen), TestContext.Current.CancellationToken);

        Assert.True(erasure.IsComplete);
        Assert.InRange(erasure.Resources, gone.Length, gone.Length + 50);
        Assert.Equal(erasure.Resources, seen[^1]);
        Assert.True(seen.Count > 1);
        foreach (var key in gone)
        {
            Assert.Equal(LookUpOutcome.Miss, (await Store.LookUpAsync(key, Plain, Budget)).Outcome);
        }

        foreach (var key in kept)
        {
            Assert.Equal(LookUpOutcome.Found, (await Store.LookUpAsync(key, Plain, Budget)).Outcome);
        }

        // Nobody is there to erase.
        Assert.Equal(new TenantErasure(0, true), await world.Cache.EraseAsync(world.NewTenant(), null, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_fill_that_began_before_an_erasure_is_not_stored_after_it_and_a_write_under_way_keeps_its_fence()
    {
        using var world = new ErasedWorld(Store);
        var mine = world.NewTenant();
        var (filled, written) = (new ResourceKey($"{mine}:customer:1"), new ResourceKey($"{mine}:customer:2"));
        var lease = NewLease();
        Assert.Equal(BeginFillOutcome.Granted, await Store.BeginFillAsync(filled, lease, Budget));
        await world.FillAsync(written);
        await Store.BeginWriteAsync(written, "w", WriteDeadline, Budget);

        Assert.True((await world.Cache.EraseAsync(mine, null, TestContext.Current.CancellationToken)).IsComplete);

        Assert.Equal(CompleteFillOutcome.Revoked, await Store.CompleteFillAsync(filled, lease, new FillResult(Plain, "", Response("{}"), Retention, 64), Budget));
        Assert.Equal(LookUpOutcome.Miss, (await Store.LookUpAsync(filled, Plain, Budget)).Outcome);
        Assert.Equal(LookUpOutcome.Fenced, (await Store.LookUpAsync(written, Plain, Budget)).Outcome);

        // A refused write restores nothing that was erased.
        await Store.EndWriteAsync(written, "w", WriteResult.Unchanged, Budget);
        Assert.Equal(LookUpOutcome.Miss, (await Store.LookUpAsync(written, Plain, Budget)).Outcome);
    }

    [Fact]
    public async Task While_fills_and_writes_go_on_nothing_comes_back_that_was_fetched_before_the_erasure()
    {
        using var world = new ErasedWorld(Store);
        var mine = world.NewTenant();
        var keys = Enumerable.Range(0, 12).Select(i => new ResourceKey($"{mine}:customer:{i}")).ToArray();
        for (var round = 0; round < 8; round++)
        {
            var fetched = 0L;
            var ends = false;
            var workers = Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
            {
                var random = new Random(worker);
                while (!Volatile.Read(ref ends))
                {
                    var key = keys[random.Next(keys.Length)];
                    if (random.Next(5) == 0)
                    {
                        await Store.BeginWriteAsync(key, $"w{worker}", WriteDeadline, Budget);
                        await Store.EndWriteAsync(key, $"w{worker}", (WriteResult)random.Next(2), Budget);
                        continue;
                    }

                    var seen = (await Store.LookUpAsync(key, Plain, Budget)).Stamp;
                    var lease = NewLease() with { Seen = seen };
                    if (await Store.BeginFillAsync(key, lease, Budget) == BeginFillOutcome.Granted)
                    {
                        // When the API was asked, which is after the fill began.
                        var body = Interlocked.Increment(ref fetched).ToString(CultureInfo.InvariantCulture);
                        await Task.Yield();
                        await Store.CompleteFillAsync(key, lease, new FillResult(Plain, "", Response(body), Retention, 64), Budget);
                    }
                }
            })).ToArray();

            await Harness.Eventually.TrueAsync(() => Interlocked.Read(ref fetched) > 20);
            var before = Interlocked.Read(ref fetched);
            Assert.True((await world.Cache.EraseAsync(mine, null, TestContext.Current.CancellationToken)).IsComplete);
            Volatile.Write(ref ends, true);
            await Task.WhenAll(workers);

            foreach (var key in keys)
            {
                if (await Store.LookUpAsync(key, Plain, Budget) is { Outcome: LookUpOutcome.Found } found)
                {
                    Assert.True(long.Parse(Text(found), CultureInfo.InvariantCulture) > before, $"{Text(found)} was fetched before {before}");
                }
            }
        }
    }

    private sealed class Progressed(List<long> seen) : IProgress<long>
    {
        public void Report(long value) => seen.Add(value);
    }

    /// <summary>The store as requests use it, with templates that have the tenant in several places.</summary>
    private sealed class ErasedWorld : IDisposable
    {
        private readonly ICacheStore _store;
        private readonly LocalCopies _copies;

        public ErasedWorld(ICacheStore store)
        {
            var tenants = new TenantKeys();
            tenants.Use(((string[])["{tenant}:customer:{id}", "{tenant}:catalog", "pets/of/{tenant}|{id}"])
                .Select(static text => KeyTemplate.TryParse(text, out var template, out var problem) ? template! : throw new ArgumentException(problem)));
            _store = store;
            _copies = new LocalCopies(TimeProvider.System, tenants);
            var pending = new PendingEvictions(TimeProvider.System, NullLogger<PendingEvictions>.Instance);
            Cache = new ResourceCache(store, pending, _copies, new VaryHints(), new AbsentKeys(), tenants: tenants);
        }

        public ResourceCache Cache { get; }

        public TenantName NewTenant() => TenantName.TryParse($"t-{Guid.NewGuid():N}", out var tenant) ? tenant : throw new InvalidOperationException();

        public async Task FillAsync(ResourceKey key)
        {
            var lease = new FillLease(_store.NewFillToken(key), Plain, "", Lease, Exclusive: false);
            Assert.Equal(BeginFillOutcome.Granted, await _store.BeginFillAsync(key, lease, Budget));
            Assert.Equal(CompleteFillOutcome.Stored, await _store.CompleteFillAsync(key, lease, new FillResult(Plain, "", Response("{}"), Retention, 64), Budget));
        }

        public void Dispose() => _copies.Dispose();
    }
}
