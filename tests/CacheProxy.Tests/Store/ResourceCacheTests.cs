using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Reading;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class ResourceCacheTests : IAsyncDisposable
{
    private static readonly ResourceKey Key = new("demo:customer:1");

    private readonly FakeTimeProvider _time = new();
    private readonly VaryHints _hints = new();
    private readonly LocalCopies _copies;
    private readonly SharedStore _shared;
    private readonly ICacheStore _store;
    private readonly ResourceCache _cache;

    public ResourceCacheTests()
    {
        _copies = new LocalCopies(_time) { HoldFrom = 1 };
        _shared = new SharedStore(_time);
        _store = _shared.ViewOf("1111111111111111");
        _cache = Cache(_store);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_variant_is_found_whatever_the_hint_says(int memoryTtlSeconds)
    {
        await FillAsync("accept", "plain");
        await FillAsync("accept", "json", "application/json");
        var twin = SharedHint.TwinOf(Key);
        foreach (var hint in new[] { "", "accept", "origin", "accept,origin" })
        {
            _hints.Set(twin, hint);
            Assert.Equal("plain", await BodyAsync(memoryTtlSeconds));
            _hints.Set(twin, hint);
            Assert.Equal("json", await BodyAsync(memoryTtlSeconds, "application/json"));
            _hints.Set(twin, hint);
            Assert.Null(await BodyAsync(memoryTtlSeconds, "text/html"));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public async Task Names_that_change_between_two_look_ups_lead_to_nobody_elses_variant(int changes)
    {
        // First nothing is there, as after an eviction; then somebody fills who sends neither header, and his variant is the plain one.
        string[] names = ["", "accept", "accept,origin"];
        var lookUps = 0;
        var changing = new ScriptedLookUps(() =>
        {
            var vary = names[changes == 1 ? Math.Min(lookUps, 1) : lookUps % names.Length];
            lookUps++;
            return vary.Length == 0 ? LookUpResult.Miss(vary) : new LookUpResult(LookUpOutcome.Found, vary, Response("another's"), "stamp");
        });
        _hints.Set(Key, "origin");
        var context = new DefaultHttpContext();
        context.Request.Headers.Accept = "application/json";
        context.Request.Headers.Origin = "https://here";
        var request = CacheRequests.Make(context, Key, new CachePolicyOptions { Name = "customer", Key = "{id}" });

        var found = await LookUpAsync(Cache(changing), request);

        Assert.Equal(request.VariantUnder(found.Vary), found.Variant);
        Assert.True(found.Response is null || changing.LastAsked == found.Variant, "What was found was asked for under other names.");
        Assert.InRange(lookUps, 2, 3);
    }

    [Fact]
    public async Task An_own_copy_needs_no_store_until_its_number_is_raised_or_it_runs_out()
    {
        await FillAsync("", "first");
        Assert.Equal("first", await BodyAsync(2));
        await FillAsync("", "second");
        Assert.Equal("first", await BodyAsync(2));
        Assert.Equal("second", await BodyAsync(0));

        _copies.Raise(Key);
        Assert.Equal("second", await BodyAsync(2));
        await FillAsync("", "third");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("third", await BodyAsync(2));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task After_an_eviction_found_no_room_what_was_stored_before_is_filled_anew_and_what_is_stored_later_is_served(int memoryTtlSeconds)
    {
        var pending = new PendingEvictions(_time, NullLogger<PendingEvictions>.Instance, capacity: 0, _store);
        var cache = new ResourceCache(_store, pending, _copies, _hints, new AbsentKeys());
        await FillAsync("", "before");
        Assert.Equal("before", await BodyAsync(memoryTtlSeconds, cache: cache));
        pending.Add(new ResourceKey("another"), "t");
        Assert.Equal(LookUpOutcome.EvictionPending, (await LookUpAsync(cache, Request(memoryTtlSeconds, null))).Outcome);

        _time.Advance(FillLease.DefaultDuration + TimeSpan.FromSeconds(10));
        pending.Due();
        var found = await LookUpAsync(cache, Request(memoryTtlSeconds, null));
        Assert.Equal(LookUpOutcome.Miss, found.Outcome);
        Assert.NotEmpty(found.Stamp);
        await FillAsync("", "after");
        _copies.Drop(Key, VariantKey.Plain);
        Assert.Equal("after", await BodyAsync(memoryTtlSeconds, cache: cache));
    }

    [Fact]
    public async Task A_copy_that_was_taken_while_its_resource_was_evicted_is_not_served_after_it()
    {
        await FillAsync("", "old");
        var evicting = new HeldEviction(_store);
        var cache = Cache(evicting);
        var request = Request(2, null);
        var evicted = cache.EvictAsync(Key, "t", new StoreTimeoutBudget(TimeSpan.FromSeconds(1))).AsTask();
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(cache, request)).Outcome);

        evicting.GoOn();
        Assert.Equal(StoreOutcome.Done, await evicted);

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(cache, request)).Outcome);
    }

    public async ValueTask DisposeAsync()
    {
        _copies.Dispose();
        await _shared.DisposeAsync();
    }

    private ResourceCache Cache(ICacheStore store) =>
        new(store, new PendingEvictions(_time, NullLogger<PendingEvictions>.Instance), _copies, _hints, new AbsentKeys());

    private static ValueTask<LookUpResult> LookUpAsync(ResourceCache cache, CacheRequest request) =>
        cache.LookUpAsync(request.Key, request.Variants, request.Policy.Options.MemoryTtl, request.Budget);

    private async Task<string?> BodyAsync(int memoryTtlSeconds, string? accept = null, ResourceCache? cache = null)
    {
        var found = await LookUpAsync(cache ?? _cache, Request(memoryTtlSeconds, accept));
        return found.Response is { } response ? System.Text.Encoding.UTF8.GetString(response.Body.Span) : null;
    }

    private async Task FillAsync(string vary, string body, string? accept = null)
    {
        var request = Request(0, accept);
        var variant = request.VariantUnder(vary);
        var stamp = (await _store.LookUpAsync(Key, variant, request.Budget)).Stamp;
        var lease = new FillLease(_store.NewFillToken(Key), variant, stamp, TimeSpan.FromSeconds(60), Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await _store.BeginFillAsync(Key, lease, request.Budget));
        Assert.Equal(
            CompleteFillOutcome.Stored,
            await _store.CompleteFillAsync(
                Key, lease, new FillResult(variant, vary, Response(body), TimeSpan.FromMinutes(5), 64), request.Budget));
    }

    private StoredResponse Response(string body) => new()
    {
        Status = 200,
        Headers = [],
        Body = System.Text.Encoding.UTF8.GetBytes(body),
        ResponseTimeMs = _store.NowMs,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "host /",
    };

    private static CacheRequest Request(int memoryTtlSeconds, string? accept)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "GET";
        if (accept is not null)
        {
            context.Request.Headers.Accept = accept;
        }

        return CacheRequests.Make(
            context, Key, new CachePolicyOptions { Name = "customer", Key = "{id}", MemoryTtl = TimeSpan.FromSeconds(memoryTtlSeconds) });
    }
}
