using CacheProxy.Eviction;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Keys;
using CacheProxy.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.IntegrationTests.Eviction;

public sealed class PendingEvictionsTests
{
    private static readonly ResourceKey One = new("demo:customer:1");
    private static readonly ResourceKey Two = new("demo:customer:2");
    private static readonly ResourceKey Three = new("demo:customer:3");

    private readonly UnreachableStore _store = new();
    private readonly LeapingTimeProvider _time = new();

    [Fact]
    public async Task An_eviction_is_tried_again_until_the_store_has_it_and_its_key_is_forwarded_meanwhile()
    {
        await using var pending = New();
        pending.Add(One, "w");
        await Eventually.TrueAsync(() => _store.Attempts >= 2);
        Assert.True(pending.MustForward(One));
        Assert.False(pending.MustForward(Two));

        _store.IsAvailable = true;
        await Eventually.TrueAsync(() => !pending.MustForward(One));
        Assert.Equal(["demo:customer:1"], _store.Evicted);
    }

    [Fact]
    public async Task While_a_write_is_with_the_API_its_eviction_would_come_too_early()
    {
        _store.IsAvailable = true;
        await using var pending = New();
        pending.BeginUnfenced(One, "w");
        pending.Add(Two, "x");
        await Eventually.TrueAsync(() => _store.Evicted.Contains("demo:customer:2"));
        Assert.True(pending.MustForward(One));

        pending.EndUnfenced(One, "w", TimeSpan.Zero);
        await Eventually.TrueAsync(() => !pending.MustForward(One));
        Assert.Equal(["demo:customer:2", "demo:customer:1"], _store.Evicted);
    }

    [Fact]
    public async Task An_eviction_whose_write_nobody_knows_the_end_of_waits_for_the_deadline()
    {
        _store.IsAvailable = true;
        await using var pending = New();
        pending.BeginUnfenced(One, "w");
        pending.EndUnfenced(One, "w", TimeSpan.FromMinutes(1));
        pending.Add(Two, "x");
        await Eventually.TrueAsync(() => _store.Evicted.Contains("demo:customer:2"));
        Assert.True(pending.MustForward(One));

        _time.Leap(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => !pending.MustForward(One));
    }

    [Fact]
    public async Task An_eviction_is_given_up_when_nothing_stored_can_have_lived_so_long()
    {
        await using var pending = New();
        pending.Add(One, "w");
        await Eventually.TrueAsync(() => _store.Attempts >= 1);

        _time.Leap(StoredResponse.LongestKeep);
        await Eventually.TrueAsync(() => !pending.MustForward(One));
        Assert.Empty(_store.Evicted);
    }

    [Fact]
    public async Task When_there_is_no_room_for_more_every_read_is_forwarded_until_what_was_left_out_is_moot()
    {
        await using var pending = New(capacity: 2);
        pending.Add(One, "a");
        pending.Add(Two, "b");
        Assert.False(pending.MustForward(Three));
        pending.Add(Three, "c");
        Assert.Equal(2, pending.Count);
        Assert.True(pending.MustForward(new ResourceKey("demo:customer:4")));

        _store.IsAvailable = true;
        await Eventually.TrueAsync(() => pending.Count == 0);
        Assert.True(pending.MustForward(Three));

        _time.Leap(StoredResponse.LongestKeep);
        await Eventually.TrueAsync(() => !pending.MustForward(Three));
    }

    [Fact]
    public async Task A_key_that_the_store_refuses_holds_up_no_other()
    {
        _store.IsAvailable = true;
        _store.Refused["demo:customer:1"] = true;
        await using var pending = New();
        pending.Add(One, "a");
        pending.Add(Two, "b");

        await Eventually.TrueAsync(() => !pending.MustForward(Two));
        Assert.True(pending.MustForward(One));
    }

    private PendingEvictions New(int capacity = PendingEvictions.Capacity) =>
        new(_store, _time, NullLogger<PendingEvictions>.Instance, capacity);
}
