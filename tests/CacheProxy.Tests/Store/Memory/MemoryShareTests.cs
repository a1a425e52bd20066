using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store.Memory;

/// <summary>Who loses entries when the memory of a process is full.</summary>
public sealed class MemoryShareTests
{
    private const int Megabyte = 1024 * 1024;
    private const int Kilobytes = 10 * 1024;
    private static readonly StoreTimeoutBudget Budget = new(TimeSpan.FromSeconds(1));

    private readonly FakeTimeProvider _time = new();
    private readonly TenantKeys _tenants = new();

    public MemoryShareTests() =>
        _tenants.Use([KeyTemplate.TryParse("{tenant}:customer:{id}", out var template, out _) ? template! : throw new InvalidOperationException()]);

    [Fact]
    public async Task One_tenant_that_floods_loses_its_own_entries_and_nobody_elses()
    {
        await using var store = new MemoryStore(_time, Megabyte, _tenants);
        for (var tenant = 0; tenant < 4; tenant++)
        {
            for (var i = 0; i < 10; i++)
            {
                await FillAsync(store, $"small-{tenant}", i);
            }
        }

        for (var i = 0; i < 2000; i++)
        {
            await FillAsync(store, "flood", i);
            Assert.InRange(store.Bytes, 1, Megabyte);
        }

        // Nobody has looked at them since: what keeps them is their tenant's share.
        for (var tenant = 0; tenant < 4; tenant++)
        {
            Assert.Equal(10, await CountAsync(store, $"small-{tenant}", 10));
        }

        Assert.InRange(await CountAsync(store, "flood", 2000), 30, 60);
    }

    [Fact]
    public async Task A_tenant_alone_may_have_all_and_gives_up_what_others_need()
    {
        await using var store = new MemoryStore(_time, Megabyte, _tenants);
        for (var i = 0; i < 200; i++)
        {
            await FillAsync(store, "first", i);
        }

        Assert.InRange(await CountAsync(store, "first", 200), 90, 101);

        for (var i = 0; i < 200; i++)
        {
            await FillAsync(store, "second", i);
        }

        Assert.InRange(await CountAsync(store, "first", 200), 45, 52);
        Assert.InRange(await CountAsync(store, "second", 200), 45, 52);
    }

    [Fact]
    public async Task What_a_tenant_looks_up_stays_before_what_it_does_not()
    {
        await using var store = new MemoryStore(_time, Megabyte, _tenants);
        for (var i = 0; i < 300; i++)
        {
            await FillAsync(store, "demo", i);
            await FillAsync(store, "acme", i);
            Assert.Equal(LookUpOutcome.Found, (await store.LookUpAsync(Key("demo", 0), VariantKey.Plain, Budget)).Outcome);
        }
    }

    [Fact]
    public async Task A_tenant_without_entries_counts_no_more()
    {
        await using var store = new MemoryStore(_time, Megabyte, _tenants);
        for (var i = 0; i < 5000; i++)
        {
            await FillAsync(store, $"tenant-{i}", 0);
            await store.EndWriteAsync(Key($"tenant-{i}", 0), "w", WriteResult.Changed, Budget);
        }

        Assert.Equal((0, 0), (store.Bytes, store.Count));
        Assert.InRange(store.Queued, 0, 4);
    }

    [Fact]
    public void Copies_are_shared_as_fairly()
    {
        using var copies = new LocalCopies(_time, _tenants, new MemoryOptions { SizeLimit = Megabyte });
        copies.Use(new ReplicaBus().Join("1111111111111111"));
        for (var i = 0; i < 10; i++)
        {
            Copy(copies, "small", i);
        }

        for (var i = 0; i < 1000; i++)
        {
            Copy(copies, "flood", i);
            Assert.InRange(copies.Bytes, 1, Megabyte);
        }

        Assert.All(Enumerable.Range(0, 10), i => Assert.NotNull(copies.Find(Key("small", i), VariantKey.Plain)));

        copies.Erase(Tenant("small"));
        Assert.All(Enumerable.Range(0, 10), i => Assert.Null(copies.Find(Key("small", i), VariantKey.Plain)));
        Assert.NotNull(copies.Find(Key("flood", 999), VariantKey.Plain));

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, copies.Bytes);
    }

    private static TenantName Tenant(string name) => TenantName.TryParse(name, out var tenant) ? tenant : throw new ArgumentException(name, nameof(name));

    private static ResourceKey Key(string tenant, int id) => new($"{tenant}:customer:{id}");

    private void Copy(LocalCopies copies, string tenant, int id) => copies.Add(
        Key(tenant, id),
        new LookUpResult(LookUpOutcome.Found, "", Response(), "") { Variant = VariantKey.Plain },
        new HoldBegun(copies.Number(Key(tenant, id)), _time.GetTimestamp(), TimeSpan.FromSeconds(5)));

    private static async Task FillAsync(MemoryStore store, string tenant, int id)
    {
        var lease = new FillLease(store.NewFillToken(Key(tenant, id)), VariantKey.Plain, "", TimeSpan.FromMinutes(1), Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await store.BeginFillAsync(Key(tenant, id), lease, Budget));
        var filled = new FillResult(VariantKey.Plain, "", Response(), TimeSpan.FromMinutes(5), 64);
        Assert.Equal(CompleteFillOutcome.Stored, await store.CompleteFillAsync(Key(tenant, id), lease, filled, Budget));
    }

    private static async Task<int> CountAsync(MemoryStore store, string tenant, int ids)
    {
        var found = 0;
        for (var i = 0; i < ids; i++)
        {
            found += (await store.LookUpAsync(Key(tenant, i), VariantKey.Plain, Budget)).Outcome == LookUpOutcome.Found ? 1 : 0;
        }

        return found;
    }

    private static StoredResponse Response() => new()
    {
        Status = 200,
        Headers = [new HeaderField("Content-Type", "text/plain")],
        Body = new byte[Kilobytes],
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "localhost /api/customers/1",
    };
}
