using System.Net.Sockets;
using System.Text;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class RedisStoreTroubleTests
{
    private Task<RedisStore> OpenAsync(RedisServer server, TimeSpan? timeout = null, StateLog? log = null, TimeProvider? time = null) =>
        RedisStores.OpenAsync(server, timeout, log, time, protocol: protocol);

    private static async Task<bool> TryLookUpAsync(ICacheStore store) => (await LookUpAsync(store)).Outcome != LookUpOutcome.Unavailable;

    private static async Task AnswerAsync(TcpListener listener, string says, CancellationToken stop)
    {
        var clients = new List<TcpClient>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop);
                clients.Add(client);
                try
                {
                    await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(says), stop);
                }
                catch (IOException)
                {
                    // It has gone already.
                }
            }
        }
        catch (OperationCanceledException)
        {
            clients.ForEach(static client => client.Dispose());
        }
    }

    private static FillLease Lease(ICacheStore store) => new(store.NewFillToken(Key), VariantKey.Plain, "", TimeSpan.FromHours(1), Exclusive: false);

    private static ValueTask<LookUpResult> LookUpAsync(ICacheStore store, TimeSpan? budget = null) =>
        store.LookUpAsync(Key, VariantKey.Plain, new(budget ?? Long));

    private static ValueTask<CompleteFillOutcome> CompleteAsync(ICacheStore store, FillLease lease)
    {
        var response = RedisStores.Entry(store);
        return store.CompleteFillAsync(Key, lease, new FillResult(lease.Variant, "", response, TimeSpan.FromSeconds(300), 64), new(Long));
    }

    private static async Task FillAsync(ICacheStore store)
    {
        var seen = (await LookUpAsync(store)).Stamp;
        var lease = Lease(store) with { Seen = seen };
        Assert.Equal(BeginFillOutcome.Granted, await store.BeginFillAsync(Key, lease, new(Long)));
        Assert.Equal(CompleteFillOutcome.Stored, await CompleteAsync(store, lease));
    }

    private static async Task AssertWorksAsync(ICacheStore store)
    {
        await FillAsync(store);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(store)).Outcome);
        Assert.Equal(StoreOutcome.Done, (await store.BeginWriteAsync(Key, "w", Long, new(Long))).Outcome);
        Assert.Equal(StoreOutcome.Done, (await store.EndWriteAsync(Key, "w", WriteResult.Changed, new(Long))).Outcome);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(store)).Outcome);
    }

    /// <summary>Known to be unavailable, it is not even asked: no budget is spent.</summary>
    private static async Task AssertEverythingIsUnavailableAsync(ICacheStore store)
    {
        Assert.False(store.IsAvailable);
        var budget = new StoreTimeoutBudget(Long);
        Assert.Equal(LookUpOutcome.Unavailable, (await store.LookUpAsync(Key, VariantKey.Plain, budget)).Outcome);
        Assert.Equal(BeginFillOutcome.Unavailable, await store.BeginFillAsync(Key, Lease(store), budget));
        Assert.Equal(CompleteFillOutcome.Unavailable, await CompleteAsync(store, Lease(store)));
        await store.AbandonFillAsync(Key, Lease(store), budget);
        Assert.Equal(StoreOutcome.Unavailable, (await store.BeginWriteAsync(Key, "w", Long, budget)).Outcome);
        Assert.Equal(StoreOutcome.Unavailable, (await store.EndWriteAsync(Key, "w", WriteResult.Changed, budget)).Outcome);
        Assert.Equal(Long, budget.Remaining);
    }
}
