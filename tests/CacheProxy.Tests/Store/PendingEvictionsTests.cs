using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Harness;
using CacheProxy.Tests.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class PendingEvictionsTests : IAsyncDisposable
{
    private static readonly ResourceKey A = new("a");
    private static readonly ResourceKey B = new("b");
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);

    private readonly EndedWrites _store = new();
    private readonly SleeperTimeProvider _time = new();
    private readonly PendingEvictions _pending;
    private readonly EvictionRetries _retries;

    public PendingEvictionsTests()
    {
        _pending = Pending(capacity: 100);
        _retries = Retries(_pending);
    }

    [Fact]
    public void Nothing_is_forwarded_while_nothing_is_pending()
    {
        Assert.False(_pending.MustForward(A));
        Assert.Equal(0, _pending.Count);
        Assert.Null(_time.NextDue);
    }

    [Fact]
    public async Task A_key_is_forwarded_until_the_store_has_its_eviction()
    {
        _pending.Add(A, "t");
        Assert.True(_pending.MustForward(A));
        Assert.False(_pending.MustForward(B));

        await StepAsync(_pending);

        Assert.Equal("a t Changed", await _store.NextAsync());
        await Eventually.TrueAsync(() => !_pending.MustForward(A));
        Assert.Equal(0, _pending.Count);
    }

    [Fact]
    public async Task A_store_that_fails_is_asked_again_ever_more_rarely_up_to_2_seconds()
    {
        _store.Outcome = static _ => Task.FromResult(StoreOutcome.Unavailable);
        _pending.Add(A, "t");
        var delays = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            delays.Add((await StepAsync(_pending)).TotalMilliseconds);
            await _store.NextAsync();
            Assert.True(_pending.MustForward(A));
        }

        Assert.Equal([100, 200, 400, 800, 1600, 2000, 2000, 2000], delays);
        _store.Outcome = static _ => Task.FromResult(StoreOutcome.Done);
        await StepAsync(_pending);
        await Eventually.TrueAsync(() => !_pending.MustForward(A));
    }

    [Fact]
    public async Task A_key_that_cannot_be_evicted_keeps_no_other_waiting()
    {
        _store.Outcome = static key => Task.FromResult(key == "b" ? StoreOutcome.Done : StoreOutcome.Unavailable);
        foreach (var stuck in Enumerable.Range(0, 10))
        {
            _pending.Add(new ResourceKey($"stuck{stuck}"), "t");
        }

        _pending.Add(B, "t");
        for (var i = 0; i < 5 && _pending.MustForward(B); i++)
        {
            await StepAsync(_pending);
            await Eventually.TrueAsync(() => _time.NextDue is not null);
        }

        Assert.False(_pending.MustForward(B));
        Assert.Equal(10, _pending.Count);
    }

    [Fact]
    public async Task While_a_write_is_with_the_API_its_key_is_forwarded_and_not_yet_evicted()
    {
        _pending.BeginUnfenced(A);
        await StepAsync(_pending);
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        Assert.True(_pending.MustForward(A));
        Assert.False(_store.HasMore);

        _pending.EndUnfenced(A, "t", TimeSpan.Zero);
        await StepAsync(_pending);

        Assert.Equal("a t Changed", await _store.NextAsync());
        await Eventually.TrueAsync(() => !_pending.MustForward(A));
    }

    [Fact]
    public async Task A_write_whose_outcome_is_unknown_is_evicted_only_after_its_deadline()
    {
        _pending.BeginUnfenced(A);
        _pending.EndUnfenced(A, "t", WriteDeadline);
        _time.Advance(WriteDeadline - TimeSpan.FromSeconds(3));
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        Assert.False(_store.HasMore);
        Assert.True(_pending.MustForward(A));

        _time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal("a t Changed", await _store.NextAsync());
    }

    [Fact]
    public async Task An_eviction_that_an_unknown_write_wants_later_keeps_no_other_waiting()
    {
        _pending.Add(A, "unknown", WriteDeadline);
        _pending.Add(A, "known");
        await StepAsync(_pending);
        Assert.Equal("a known Changed", await _store.NextAsync());
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        Assert.True(_pending.MustForward(A));
        Assert.False(_store.HasMore);

        _time.Advance(WriteDeadline);

        Assert.Equal("a unknown Changed", await _store.NextAsync());
        await Eventually.TrueAsync(() => !_pending.MustForward(A));
    }

    [Fact]
    public async Task The_fence_of_an_unknown_write_is_left_alone_until_its_deadline_whoever_ends_before_it()
    {
        _pending.Add(A, "known");
        _pending.Add(A, "unknown", WriteDeadline);
        await StepAsync(_pending);

        Assert.Equal("a known Changed", await _store.NextAsync());
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        Assert.True(_pending.MustForward(A));
        Assert.False(_store.HasMore);
    }

    [Fact]
    public async Task A_later_writes_eviction_is_not_lost_by_an_earlier_one_that_is_under_way()
    {
        var gate = new TaskCompletionSource<StoreOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Outcome = _ => gate.Task;
        _pending.Add(A, "first");
        await StepAsync(_pending);
        Assert.Equal("a first Changed", await _store.NextAsync());

        _pending.Add(A, "second");
        _store.Outcome = static _ => Task.FromResult(StoreOutcome.Done);
        gate.SetResult(StoreOutcome.Done);
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        Assert.True(_pending.MustForward(A));

        await StepAsync(_pending);
        Assert.Equal("a second Changed", await _store.NextAsync());
        await Eventually.TrueAsync(() => !_pending.MustForward(A));
    }

    [Fact]
    public async Task Of_two_overlapping_writes_the_last_to_end_makes_the_eviction_due()
    {
        _pending.BeginUnfenced(A);
        _pending.BeginUnfenced(A);
        _pending.EndUnfenced(A, "first", TimeSpan.Zero);
        await StepAsync(_pending);
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        Assert.False(_store.HasMore);

        _pending.EndUnfenced(A, "second", TimeSpan.Zero);
        await StepAsync(_pending);
        Assert.Equal("a second Changed", await _store.NextAsync());
    }

    [Fact]
    public void A_write_that_changed_nothing_is_forgotten()
    {
        _pending.BeginUnfenced(A);
        _pending.Forget(A);

        Assert.False(_pending.MustForward(A));
        Assert.Equal(0, _pending.Count);
        _pending.Forget(B);
    }

    [Fact]
    public void Forgetting_one_write_forgets_neither_another_nor_an_eviction_that_is_due()
    {
        _pending.BeginUnfenced(A);
        _pending.BeginUnfenced(A);
        _pending.Forget(A);
        Assert.True(_pending.MustForward(A));

        _pending.Add(B, "first");
        _pending.BeginUnfenced(B);
        _pending.Forget(B);
        Assert.True(_pending.MustForward(B));
    }

    [Fact]
    public async Task An_eviction_expires_once_nothing_stored_can_have_lived_so_long()
    {
        _store.Outcome = static _ => Task.FromResult(StoreOutcome.Unavailable);
        _pending.Add(A, "t");
        await StepAsync(_pending);
        await _store.NextAsync();
        await Eventually.TrueAsync(() => _time.NextDue is not null);

        _time.Advance(StoredResponse.MaxRetention);

        await Eventually.TrueAsync(() => !_pending.MustForward(A));
        Assert.False(_store.HasMore);
    }

    [Fact]
    public async Task When_full_every_read_is_forwarded_until_no_fill_from_before_can_be_stored_any_more()
    {
        var small = Pending(capacity: 2);
        using var retries = Retries(small);
        small.Add(A, "t");
        small.Add(B, "t");
        Assert.False(small.MustForward(new ResourceKey("c")));

        small.BeginUnfenced(new ResourceKey("c"));
        Assert.True(small.MustForward(new ResourceKey("any")));
        Assert.Equal(2, small.Count);

        await StepAsync(small);
        await Eventually.TrueAsync(() => small.Count == 0 && _time.NextDue is not null);
        Assert.True(small.MustForward(new ResourceKey("any")));

        _time.Advance(FillLease.DefaultDuration);
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        Assert.True(small.MustForward(new ResourceKey("any")));

        _time.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => !small.MustForward(new ResourceKey("any")));
    }

    [Fact]
    public async Task A_stop_tries_once_more_what_is_due()
    {
        _pending.Add(A, "t");
        await _retries.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal("a t Changed", await _store.NextAsync());
        Assert.Equal(0, _pending.Count);
    }

    public async ValueTask DisposeAsync()
    {
        _store.Outcome = static _ => Task.FromResult(StoreOutcome.Done);
        await _retries.StopAsync(CancellationToken.None);
        _retries.Dispose();
    }

    private PendingEvictions Pending(int capacity) => new(_time, NullLogger<PendingEvictions>.Instance, capacity);

    private EvictionRetries Retries(PendingEvictions pending)
    {
        var retries = new EvictionRetries(
            pending, _store, new ResourceCache(_store, pending, new LocalCopies(_time), new VaryHints(), new AbsentKeys()), _time, NullLogger<EvictionRetries>.Instance);
        _ = retries.StartAsync(CancellationToken.None);
        return retries;
    }

    // Waits until the drain sleeps, then lets its sleep pass; says how long it was.
    private async Task<TimeSpan> StepAsync(PendingEvictions pending)
    {
        await Eventually.TrueAsync(() => _time.NextDue is not null || pending.Count == 0);
        var delay = _time.NextDue ?? TimeSpan.Zero;
        _time.Advance(delay);
        return delay;
    }
}
