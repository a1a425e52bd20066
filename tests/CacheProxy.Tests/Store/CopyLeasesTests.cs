using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>What a replica that holds copies does when it is told of a change, when it hears nothing any more, and when it is to hold nothing.</summary>
public sealed class CopyLeasesTests : IAsyncDisposable
{
    private const string Other = "2222222222222222";
    private static readonly ResourceKey Customer = new("demo:customer:1");
    private static readonly ResourceKey Gold = new("tag|demo|gold");
    private static readonly VariantSource Plain = CacheProxy.Tests.Reading.CacheRequests.Make(
        new Microsoft.AspNetCore.Http.DefaultHttpContext(), Customer, new CacheProxy.Configuration.Policies.CachePolicyOptions { Name = "customer", Key = "{id}" }).Variants;

    private readonly FakeTimeProvider _time = new();
    private readonly SharedStore _shared;
    private readonly ReplicaView _store;
    private readonly LocalCopies _copies;
    private readonly Acknowledgements _acknowledgements;
    private readonly CopyLeases _leases;
    private readonly ResourceCache _cache;
    private readonly ICacheStore _others;

    public CopyLeasesTests()
    {
        _shared = new SharedStore(_time);
        _store = _shared.ViewOf("1111111111111111");
        _others = _shared.ViewOf(Other);
        _copies = new LocalCopies(_time) { HoldFrom = 1 };
        _acknowledgements = new Acknowledgements(_time);
        _leases = new CopyLeases(_store, _copies, _acknowledgements);
        _store.Channel!.Attach(_leases);
        _cache = new ResourceCache(
            _store, new PendingEvictions(_time, NullLogger<PendingEvictions>.Instance), _copies, new VaryHints(), new AbsentKeys(), acknowledgements: _acknowledgements);
    }

    private static StoreTimeoutBudget Budget => new(TimeSpan.FromMinutes(1));

    [Fact]
    public async Task An_invalidation_drops_the_copy_gives_the_lease_back_and_is_acknowledged_with_a_higher_number()
    {
        await FillAsync();
        await LookUpAsync();
        var listed = (await _others.BeginWriteAsync(Customer, "w", TimeSpan.FromMinutes(1), Budget)).Holders!.Single();
        Assert.Equal((1, 1), ((int)_copies.Count, _shared.HoldersOf(Customer).Length));

        _shared.Bus.Deliver(_shared.Bus.Take()!);

        Assert.Equal((0, 0), ((int)_copies.Count, _shared.HoldersOf(Customer).Length));
        var answer = _shared.Bus.Take()!;
        Assert.Equal((Other, Customer, "1111111111111111"), (answer.To, answer.Key, answer.From));
        Assert.True(answer.Number > listed.Number);
    }

    [Fact]
    public void What_is_not_held_is_acknowledged_too_and_each_time_with_a_higher_number()
    {
        _leases.OnInvalidation(Customer, Other);
        _leases.OnInvalidation(Customer, Other);

        Assert.Equal([1L, 2L], _shared.Bus.TakeAll().Select(static message => message.Number));
    }

    [Fact]
    public async Task A_hold_that_an_invalidation_overtakes_becomes_no_copy()
    {
        await FillAsync();
        _copies.TryBeginHold(Customer, VariantKey.Plain, TimeSpan.FromSeconds(2), out var begun);
        var found = await _store.HoldAsync(Customer, VariantKey.Plain, new HoldRequest(begun.Number, begun.Length), Budget);
        _leases.OnInvalidation(Customer, Other);

        _copies.Add(Customer, found with { Variant = VariantKey.Plain }, begun);

        Assert.Equal((0, 0), ((int)_copies.Count, _shared.HoldersOf(Customer).Length));
    }

    [Fact]
    public async Task Who_hears_nothing_any_more_drops_all_and_gives_all_back_and_holds_nothing_before_it_hears_again()
    {
        await FillAsync();
        await LookUpAsync();

        _store.Bus.Close();
        Assert.Equal((0L, false), (_copies.Count, _shared.HoldsAnything));
        await LookUpAsync();
        Assert.Equal((0L, false), (_copies.Count, _shared.HoldsAnything));

        _store.Bus.Open();
        await LookUpAsync();
        Assert.Equal((1L, true), (_copies.Count, _shared.HoldsAnything));
    }

    [Fact]
    public async Task Who_stops_gives_all_back()
    {
        await FillAsync();
        await LookUpAsync();

        await _leases.StopAsync();

        Assert.Equal((0L, false), (_copies.Count, _shared.HoldsAnything));
        await LookUpAsync();
        Assert.Equal((0L, false), (_copies.Count, _shared.HoldsAnything));
    }

    [Fact]
    public async Task Of_a_policy_that_holds_nothing_any_more_the_copies_are_dropped_and_given_back()
    {
        await FillAsync();
        await LookUpAsync();

        await _leases.DropAsync(static key => key.Value.StartsWith("other", StringComparison.Ordinal));
        Assert.Equal((1L, true), (_copies.Count, _shared.HoldsAnything));
        await _leases.DropAsync(static key => key.Value.StartsWith("demo", StringComparison.Ordinal));
        Assert.Equal((0L, false), (_copies.Count, _shared.HoldsAnything));
    }

    [Fact]
    public async Task A_tagged_entry_is_served_without_a_trip_while_its_tags_are_held_and_not_after_one_was_evicted_elsewhere()
    {
        await FillAsync(Gold);
        await LookUpAsync();
        _shared.Delete(Customer);
        Assert.True((await LookUpAsync()).IsCopy);
        Assert.Equal([1, 0], [_shared.HoldersOf(Gold).Length, _shared.HoldersOf(Customer).Length]);

        Assert.NotNull((await _others.EndWriteAsync(Gold, "w", WriteResult.Changed, Budget)).Holders);
        Assert.True((await LookUpAsync()).IsCopy);
        _shared.Bus.DeliverAll();

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task A_tag_whose_lease_ran_out_is_asked_for_alone()
    {
        await FillAsync(Gold);
        await LookUpAsync();
        _copies.Raise(Gold);
        _shared.Delete(Customer);

        Assert.True((await LookUpAsync()).IsCopy);

        await _others.EndWriteAsync(Gold, "w", WriteResult.Changed, Budget);
        _copies.Raise(Gold);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task A_copy_whose_tag_was_evicted_and_drawn_anew_is_no_hit()
    {
        await FillAsync(Gold);
        await LookUpAsync();
        await _others.EndWriteAsync(Gold, "w", WriteResult.Changed, Budget);
        _shared.Bus.DeliverAll();
        await _cache.OpenTagsAsync([Gold], TimeSpan.FromMinutes(1), Budget);

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
    }

    public async ValueTask DisposeAsync()
    {
        _copies.Dispose();
        await _shared.DisposeAsync();
    }

    private ValueTask<LookUpResult> LookUpAsync() => _cache.LookUpAsync(Customer, Plain, TimeSpan.FromSeconds(2), Budget);

    private async Task FillAsync(params ResourceKey[] tags)
    {
        var states = await _cache.OpenTagsAsync(tags, TimeSpan.FromMinutes(5), Budget);
        var lease = new FillLease(_store.NewFillToken(Customer), VariantKey.Plain, "", TimeSpan.FromMinutes(1), Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await _cache.BeginFillAsync(Customer, lease, Budget));
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = "body"u8.ToArray(),
            ResponseTimeMs = _store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "host /",
            Dependencies = [.. tags.Zip(states, static (tag, state) => new Dependency(DependencyKind.Tag, tag.Value, state.Generation))],
        };
        var result = new FillResult(VariantKey.Plain, "", response, TimeSpan.FromMinutes(5), 64);
        Assert.Equal(CompleteFillOutcome.Stored, await _cache.CompleteFillAsync(Customer, lease, result, Budget));
    }
}
