using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store.Memory;

public sealed class MemoryStoreTests
{
    private const int Megabyte = 1024 * 1024;
    private static readonly StoreTimeoutBudget Budget = new(TimeSpan.FromSeconds(1));

    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Entries_stay_within_the_limit_and_the_least_recently_used_go_first()
    {
        await using var store = new MemoryStore(_time, 10 * Megabyte);
        for (var i = 0; i < 9; i++)
        {
            await FillAsync(store, Key(i));
        }

        for (var i = 9; i < 30; i++)
        {
            Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(store, Key(3))).Outcome);
            await FillAsync(store, Key(i));
            Assert.InRange(store.Bytes, 1, 10 * Megabyte);
        }

        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(store, Key(3))).Outcome);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(store, Key(0))).Outcome);
        Assert.InRange(store.Count, 5, 10);
    }

    [Fact]
    public async Task An_entry_larger_than_the_limit_is_not_kept_and_nothing_hangs()
    {
        await using var store = new MemoryStore(_time, 1000);
        await FillAsync(store, Key(1));

        Assert.Equal(0, store.Bytes);
        Assert.Equal(0, store.Count);
    }

    [Fact]
    public async Task Fences_and_leases_are_never_dropped_for_lack_of_room()
    {
        await using var store = new MemoryStore(_time, 1000);
        await FillAsync(store, Key(1));
        var lease = Lease();
        await store.BeginFillAsync(Key(2), lease, Budget);
        for (var i = 0; i < 100; i++)
        {
            await store.BeginWriteAsync(Key(100 + i), "w", TimeSpan.FromSeconds(30), Budget);
            await FillAsync(store, Key(1000 + i));
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync(store, Key(100 + i))).Outcome);
        }

        Assert.Equal(CompleteFillOutcome.Stored, await CompleteAsync(store, Key(2), lease));
        Assert.Equal(100, store.Count);
    }

    [Fact]
    public async Task What_leaves_the_store_does_not_pile_up_in_it()
    {
        await using var store = new MemoryStore(_time);
        for (var i = 0; i < 10_000; i++)
        {
            await FillAsync(store, Key(1));
            await store.BeginWriteAsync(Key(1), "w", TimeSpan.FromSeconds(30), Budget);
            await store.EndWriteAsync(Key(1), "w", WriteResult.Changed, Budget);
        }

        Assert.Equal(0, store.Count);
        Assert.Equal(0, store.Bytes);
        Assert.InRange(store.Queued, 0, 2);
    }

    [Fact]
    public async Task The_sweep_takes_what_has_run_out_and_nothing_else()
    {
        await using var store = new MemoryStore(_time);
        await FillAsync(store, Key(1));
        await store.BeginWriteAsync(Key(2), "w", TimeSpan.FromSeconds(30), Budget);
        await store.BeginFillAsync(Key(3), Lease(), Budget);

        _time.Advance(TimeSpan.FromSeconds(90));
        Assert.Equal(1, store.Count);

        _time.Advance(TimeSpan.FromSeconds(300));
        Assert.Equal(0, store.Count);
        Assert.Equal(0, store.Bytes);
    }

    [Fact]
    public async Task A_body_is_held_and_given_out_without_a_copy()
    {
        await using var store = new MemoryStore(_time);
        var response = await FillAsync(store, Key(1));

        Assert.Same(response, (await LookUpAsync(store, Key(1))).Response);
    }

    [Fact]
    public async Task Many_at_once_leave_it_as_one_after_the_other_would()
    {
        await using var store = new MemoryStore(_time, 20 * Megabyte);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 3000; i++)
            {
                var key = Key(random.Next(40));
                switch (random.Next(5))
                {
                    case 0:
                        var token = $"w{worker}";
                        await store.BeginWriteAsync(key, token, TimeSpan.FromSeconds(30), Budget);
                        await store.EndWriteAsync(key, token, (WriteResult)random.Next(2), Budget);
                        break;
                    case 1:
                        store.Sweep();
                        break;
                    case 2:
                        await LookUpAsync(store, key);
                        break;
                    default:
                        var lease = Lease() with { Seen = (await LookUpAsync(store, key)).Stamp };
                        if (await store.BeginFillAsync(key, lease, Budget) == BeginFillOutcome.Granted)
                        {
                            await CompleteAsync(store, key, lease);
                        }

                        break;
                }
            }
        })));

        Assert.InRange(store.Bytes, 0, 20 * Megabyte);
        for (var i = 0; i < 40; i++)
        {
            Assert.NotEqual(LookUpOutcome.Fenced, (await LookUpAsync(store, Key(i))).Outcome);
            store.Delete(Key(i));
        }

        Assert.Equal(0, store.Bytes);
        Assert.Equal(0, store.Count);
    }

    private static ResourceKey Key(int number) => new("demo:customer:" + number);

    private static FillLease Lease() => new(Guid.NewGuid().ToString("N"), VariantKey.Plain, "", TimeSpan.FromSeconds(60), Exclusive: false);

    private static ValueTask<LookUpResult> LookUpAsync(MemoryStore store, ResourceKey key) => store.LookUpAsync(key, VariantKey.Plain, Budget);

    private static async Task<StoredResponse> FillAsync(MemoryStore store, ResourceKey key)
    {
        var lease = Lease();
        Assert.Equal(BeginFillOutcome.Granted, await store.BeginFillAsync(key, lease, Budget));
        var response = Response();
        Assert.Equal(CompleteFillOutcome.Stored, await CompleteAsync(store, key, lease, response));
        return response;
    }

    private static ValueTask<CompleteFillOutcome> CompleteAsync(MemoryStore store, ResourceKey key, FillLease lease, StoredResponse? response = null) =>
        store.CompleteFillAsync(key, lease, new FillResult(VariantKey.Plain, "", response ?? Response(), TimeSpan.FromSeconds(300), 64), Budget);

    private static StoredResponse Response() => new()
    {
        Status = 200,
        Headers = [new HeaderField("Content-Type", "application/octet-stream")],
        Body = Body,
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "localhost /api/customers/1",
    };

    private static readonly byte[] Body = new byte[Megabyte];
}
