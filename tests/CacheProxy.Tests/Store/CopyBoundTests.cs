using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Reading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>What the leases of holders cannot protect from: then copies are served until they run out, and no longer.</summary>
public sealed class CopyBoundTests : IAsyncDisposable
{
    private static readonly ResourceKey Key = new("demo:customer:1");
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _redisTime = new();
    private readonly FakeTimeProvider _holderTime = new();
    private readonly FakeTimeProvider _writerTime = new();
    private readonly SharedStore _shared;
    private readonly LocalCopies _copies;
    private readonly ResourceCache _holder;
    private readonly ResourceCache _writer;

    public CopyBoundTests()
    {
        _shared = new SharedStore(_redisTime);
        _copies = new LocalCopies(_holderTime) { HoldFrom = 1 };
        _holder = Holder(_shared.ViewOf("1111111111111111"));
        _writer = Writer(_shared.ViewOf("2222222222222222"));
    }

    [Fact]
    public async Task Of_what_somebody_deletes_with_its_leases_copies_are_served_until_they_run_out()
    {
        await HoldAsync();
        // By hand, for lack of memory, or as a version without leases evicts.
        _shared.Delete(Key);

        Assert.True(Evict(_writer).IsCompletedSuccessfully);

        Assert.Equal("old", await ReadAsync(_holder));
        Pass(Lease);
        Assert.Null(await ReadAsync(_holder));
    }

    [Fact]
    public async Task After_a_step_of_Rediss_clock_copies_are_served_until_they_run_out_by_the_replicas_own()
    {
        await HoldAsync();
        _redisTime.Advance(Lease);

        Assert.True(Evict(_writer).IsCompletedSuccessfully);

        Assert.Equal("old", await ReadAsync(_holder));
        _holderTime.Advance(Lease);
        Assert.Null(await ReadAsync(_holder));
    }

    [Fact]
    public async Task A_replica_whose_machine_stood_still_serves_its_copies_for_what_was_left_of_them_then()
    {
        await HoldAsync();
        var evicted = Evict(_writer);
        Assert.False(evicted.IsCompleted);
        _redisTime.Advance(Lease);
        _writerTime.Advance(Lease);
        await evicted;

        Assert.Equal("old", await ReadAsync(_holder));
        _holderTime.Advance(Lease);
        Assert.Null(await ReadAsync(_holder));
    }

    [Fact]
    public async Task Of_a_write_without_Redis_replicas_that_have_lost_it_too_serve_their_copies_until_they_run_out()
    {
        await HoldAsync();
        var cutOff = Holder(new ScriptedLookUps(static () => LookUpResult.Unavailable) { Channel = _shared.Bus.ChannelOf("1111111111111111") });

        Assert.Equal(StoreOutcome.Unavailable, await Evict(Writer(new IndexOutOfReach(_shared.Memory) { TakesNoEvictions = true })));

        Assert.Equal("old", await ReadAsync(cutOff));
        Pass(Lease);
        Assert.Null(await ReadAsync(cutOff));
    }

    [Fact]
    public async Task A_replica_on_the_other_side_of_a_split_network_serves_what_it_has_there_and_its_copies_until_they_run_out()
    {
        await HoldAsync();
        await using var promoted = new SharedStore(_redisTime);
        Assert.True(Evict(Writer(promoted.ViewOf("2222222222222222"))).IsCompletedSuccessfully);
        Pass(Lease);
        Assert.Equal("old", await ReadAsync(_holder));

        var joined = Holder(promoted.ViewOf("1111111111111111"));

        Assert.Equal("old", await ReadAsync(joined));
        Pass(Lease);
        Assert.Null(await ReadAsync(joined));
    }

    [Fact]
    public async Task Where_a_writer_knows_of_shorter_leases_only_copies_from_before_a_restart_are_served_until_they_run_out()
    {
        await HoldAsync();
        _shared.GraceLength = Lease / 4;
        _shared.Restart(withMemory: false);
        var evicted = Evict(_writer);
        Assert.False(evicted.IsCompleted);
        Pass(_shared.GraceLength);
        await evicted;

        Assert.Equal("old", await ReadAsync(_holder));
        Pass(Lease);
        Assert.Null(await ReadAsync(_holder));
    }

    public async ValueTask DisposeAsync()
    {
        _copies.Dispose();
        await _shared.DisposeAsync();
    }

    private void Pass(TimeSpan span)
    {
        _redisTime.Advance(span);
        _holderTime.Advance(span);
        _writerTime.Advance(span);
    }

    // With the copies that it has, whatever store it is on.
    private ResourceCache Holder(ICacheStore store) => new(
        store, new PendingEvictions(_holderTime, NullLogger<PendingEvictions>.Instance), _copies, new VaryHints(), new AbsentKeys());

    private ResourceCache Writer(ICacheStore store) => new(
        store,
        new PendingEvictions(_writerTime, NullLogger<PendingEvictions>.Instance),
        new LocalCopies(_writerTime),
        new VaryHints(),
        new AbsentKeys(),
        acknowledgements: new Acknowledgements(_writerTime));

    /// <summary>The holder holds "old".</summary>
    private async Task HoldAsync()
    {
        var budget = new StoreTimeoutBudget(TimeSpan.FromSeconds(1));
        var lease = new FillLease(_shared.Memory.NewFillToken(Key), VariantKey.Plain, "", TimeSpan.FromSeconds(60), Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await _shared.Memory.BeginFillAsync(Key, lease, budget));
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = "old"u8.ToArray(),
            ResponseTimeMs = _shared.Memory.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "host /",
        };
        Assert.Equal(
            CompleteFillOutcome.Stored,
            await _shared.Memory.CompleteFillAsync(Key, lease, new FillResult(VariantKey.Plain, "", response, TimeSpan.FromMinutes(5), 64), budget));
        Assert.Equal("old", await ReadAsync(_holder));
    }

    private static Task<StoreOutcome> Evict(ResourceCache cache) => cache.EvictAsync(Key, "t", new StoreTimeoutBudget(TimeSpan.FromSeconds(1))).AsTask();

    private static async Task<string?> ReadAsync(ResourceCache cache)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        var request = CacheRequests.Make(context, Key, new CachePolicyOptions { Name = "customer", Key = "{id}", MemoryTtl = Lease });
        var found = await cache.LookUpAsync(request.Key, request.Variants, Lease, request.Budget);
        return found.Response is { } response ? System.Text.Encoding.UTF8.GetString(response.Body.Span) : null;
    }
}
