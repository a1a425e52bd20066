using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Memory;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>An entry is found only while its tags are what they were when it was filled.</summary>
public sealed class ResourceCacheTagTests : IAsyncDisposable
{
    private static readonly ResourceKey Customer = new("demo:customer:1");
    private static readonly ResourceKey Gold = new("tag|demo|plan:gold");
    private static readonly ResourceKey Vip = new("tag|demo|vip");
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly MemoryStore _store;
    private readonly PendingEvictions _pending;
    private readonly ResourceCache _cache;

    public ResourceCacheTagTests()
    {
        _store = new MemoryStore(_time);
        _pending = new PendingEvictions(_time, NullLogger<PendingEvictions>.Instance);
        _cache = new ResourceCache(_store, _pending, new LocalCopies(_time), new VaryHints(), new AbsentKeys());
    }

    private static StoreTimeoutBudget Budget => new(Minute);

    [Fact]
    public async Task It_is_found_with_its_tags_and_again_with_those_that_were_seen()
    {
        await FillAsync(Gold, Vip);

        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
        Assert.Equal([Gold, Vip], _cache.LastTagsOf(Customer));
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_a_miss_that_a_fill_can_replace_when_any_of_its_tags_was_evicted(bool isSeen)
    {
        await FillAsync(Gold, Vip);
        if (isSeen)
        {
            await LookUpAsync();
        }

        Assert.Equal(StoreOutcome.Done, await _cache.EvictAsync(Vip, "1", Budget));
        var found = await LookUpAsync();

        Assert.Equal(LookUpOutcome.Miss, found.Outcome);
        Assert.Null(found.Response);
        Assert.Equal(BeginFillOutcome.Granted, await _cache.BeginFillAsync(Customer, _cache.NewLease(Customer, found, exclusive: false), Budget));
    }

    [Fact]
    public async Task A_tag_that_was_drawn_anew_is_another_one()
    {
        await FillAsync(Gold);
        await _cache.EvictAsync(Gold, "1", Budget);
        await _cache.OpenTagsAsync([Gold], Minute, Budget);

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task It_is_fenced_while_one_of_its_tags_is()
    {
        await FillAsync(Gold);
        await _store.BeginWriteAsync(Gold, "1", Minute, Budget);

        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
        Assert.Equal(TagOutcome.Fenced, (await _cache.OpenTagsAsync([Gold], Minute, Budget))[0].Outcome);
    }

    [Fact]
    public async Task Neither_read_nor_fill_has_a_tag_whose_eviction_the_store_does_not_have_yet()
    {
        await FillAsync(Gold);
        _pending.Add(Gold, "1");

        Assert.Equal(LookUpOutcome.EvictionPending, (await LookUpAsync()).Outcome);
        Assert.Equal(TagOutcome.Fenced, (await _cache.OpenTagsAsync([Gold], Minute, Budget))[0].Outcome);
    }

    [Fact]
    public async Task It_is_not_copied()
    {
        await FillAsync(Gold);
        await LookUpAsync(memoryTtl: Minute);
        await LookUpAsync(memoryTtl: Minute);
        await _store.EndWriteAsync(Gold, "elsewhere", WriteResult.Changed, Budget);

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(memoryTtl: Minute)).Outcome);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    private ValueTask<LookUpResult> LookUpAsync(TimeSpan memoryTtl = default) =>
        _cache.LookUpAsync(Customer, new VariantSource(new HeaderDictionary(), "", null, null), memoryTtl, Budget);

    private async Task FillAsync(params ResourceKey[] tags)
    {
        var states = await _cache.OpenTagsAsync(tags, Minute, Budget);
        var lease = _cache.NewLease(Customer, await LookUpAsync(), exclusive: false);
        await _cache.BeginFillAsync(Customer, lease, Budget);
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = default,
            ResponseTimeMs = _store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 60_000,
            Target = "",
            Dependencies = [.. tags.Zip(states, static (tag, state) => new Dependency(DependencyKind.Tag, tag.Value, state.Generation))],
        };
        var result = new FillResult(VariantKey.Plain, "", response, Minute, MaxVariants: 1);
        Assert.Equal(CompleteFillOutcome.Stored, await _cache.CompleteFillAsync(Customer, lease, result, Budget));
    }
}
