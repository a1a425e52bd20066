using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>What contains a resource, while the node that has the resource's index is out of reach, and afterwards.</summary>
public sealed class DependentsTests : IAsyncDisposable
{
    private static readonly ResourceKey Pet = new("demo:pet:7");
    private static readonly ResourceKey Customer = new("demo:customer:1");

    private readonly FakeTimeProvider _time = new();
    private readonly IndexOutOfReach _store;
    private readonly PendingEvictions _pending;
    private readonly ResourceCache _cache;
    private readonly EvictionRetries _retries;
    private readonly ResourceFence _write;

    public DependentsTests()
    {
        _store = new IndexOutOfReach(new MemoryStore(_time));
        _pending = new PendingEvictions(_time, NullLogger<PendingEvictions>.Instance);
        _cache = new ResourceCache(_store, _pending, new LocalCopies(_time), new VaryHints(), new AbsentKeys());
        _retries = new EvictionRetries(_pending, _store, _cache, _time, NullLogger<EvictionRetries>.Instance);
        _write = new ResourceFence(Pet, "w", TimeSpan.FromSeconds(30), Budget, IndexFence.For(true, "w", TimeSpan.FromSeconds(1)));
    }

    private static StoreTimeoutBudget Budget => new(TimeSpan.FromMinutes(1));

    [Fact]
    public async Task A_fence_is_set_when_the_index_has_it_and_all_that_contains_the_resource_is_evicted()
    {
        await FillAsync();

        await _cache.BeginWriteAsync(_write);

        Assert.True(_write.IsSet);
        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());
    }

    /// <summary>As <c>PUT /api/customers/1/pets/7</c> does.</summary>
    [Fact]
    public async Task A_write_that_also_fences_what_contains_its_resource_keeps_that_fence()
    {
        await FillAsync();
        await _cache.BeginWriteAsync(new ResourceFence(Customer, "w", TimeSpan.FromSeconds(30), Budget));

        await _cache.BeginWriteAsync(_write);

        Assert.Equal(LookUpOutcome.Fenced, await LookUpAsync());
    }

    [Fact]
    public async Task A_fence_is_not_set_while_the_index_is_out_of_reach()
    {
        _store.IsAway = true;

        await _cache.BeginWriteAsync(_write);

        Assert.False(_write.IsSet);
    }

    [Fact]
    public async Task A_fence_is_not_set_while_what_contains_the_resource_cannot_be_evicted_and_that_is_pending()
    {
        await FillAsync();
        _store.TakesNoEvictions = true;

        await _cache.BeginWriteAsync(_write);

        Assert.False(_write.IsSet);
        Assert.True(_cache.IsEvictionPending(Customer));
        Assert.Equal(LookUpOutcome.EvictionPending, await LookUpAsync());
    }

    [Fact]
    public async Task What_contains_a_resource_whose_write_went_on_unfenced_is_neither_served_nor_stored_here_until_it_is_evicted()
    {
        await FillAsync();
        _store.IsAway = true;
        await _cache.BeginWriteAsync(_write);
        _cache.GoOnUnfenced(_write);
        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());

        Assert.Equal(StoreOutcome.Unavailable, await _cache.EndWriteAsync(_write, WriteResult.Changed));
        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());
        await _retries.StopAsync(CancellationToken.None);
        Assert.True(_cache.IsEvictionPending(Pet));

        _store.IsAway = false;
        await _retries.StopAsync(CancellationToken.None);
        Assert.Equal(0, _pending.Count);
        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());
        Assert.Equal(LookUpOutcome.Miss, (await _store.LookUpAsync(Customer, VariantKey.Plain, Budget)).Outcome);
    }

    [Fact]
    public async Task A_node_that_may_have_forgotten_what_it_knew_of_a_resource_takes_what_contains_it_out_of_use()
    {
        await FillAsync();
        Assert.Equal(LookUpOutcome.Found, await LookUpAsync());

        _store.Id = "2";

        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());
    }

    [Fact]
    public async Task An_eviction_without_a_fence_takes_what_contains_the_resource_with_it()
    {
        await FillAsync();

        Assert.Equal(StoreOutcome.Done, await _cache.EvictAsync(Pet, "e", Budget, hasDependents: true));

        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private async Task FillAsync()
    {
        var lease = new FillLease(_store.NewFillToken(Customer), VariantKey.Plain, "", TimeSpan.FromMinutes(1), Exclusive: false);
        await _cache.BeginFillAsync(Customer, lease, Budget);
        Assert.Equal(
            RegistrationOutcome.Registered,
            Assert.Single(await _cache.RegisterAsync([new Contained(Pet, 10)], Customer, TimeSpan.FromMinutes(5), Budget)).Outcome);
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = default,
            ResponseTimeMs = _cache.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "",
            Dependencies = [new Dependency(DependencyKind.Resource, Pet.Value, "1")],
        };
        var result = new FillResult(VariantKey.Plain, "", response, TimeSpan.FromMinutes(5), 4);
        Assert.Equal(CompleteFillOutcome.Stored, await _cache.CompleteFillAsync(Customer, lease, result, Budget));
    }

    private async Task<LookUpOutcome> LookUpAsync() =>
        (await _cache.LookUpAsync(Customer, new VariantSource(new HeaderDictionary(), "", null, null), TimeSpan.Zero, Budget)).Outcome;
}
