using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Harness;
using CacheProxy.Tests.Writing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>Many pending evictions, and a store of several nodes.</summary>
public sealed class EvictionRetriesTests : IAsyncDisposable
{
    private static readonly ResourceKey A = new("a");
    private static readonly ResourceKey B = new("b");

    private readonly EndedWrites _store = new();
    private readonly SleeperTimeProvider _time = new();
    private readonly PendingEvictions _pending;
    private readonly EvictionRetries _retries;

    public EvictionRetriesTests()
    {
        _pending = new PendingEvictions(_time, NullLogger<PendingEvictions>.Instance);
        _retries = new EvictionRetries(
            _pending, _store, new ResourceCache(_store, _pending, new LocalCopies(_time), new VaryHints(), new AbsentKeys()), _time, NullLogger<EvictionRetries>.Instance);
        _ = _retries.StartAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Many_evictions_are_under_way_at_the_same_time()
    {
        var gate = new TaskCompletionSource<StoreOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.Outcome = _ => gate.Task;
        for (var i = 0; i < 50; i++)
        {
            _pending.Add(new ResourceKey($"{i}"), "t");
        }

        await StepAsync();
        for (var i = 0; i < 50; i++)
        {
            await _store.NextAsync();
        }

        gate.SetResult(StoreOutcome.Done);
        await Eventually.TrueAsync(() => _pending.Count == 0);
    }

    [Fact]
    public async Task A_node_that_hangs_delays_only_its_own_keys()
    {
        var hung = Task.FromResult(StoreOutcome.Unavailable);
        _store.Node = static key => key.StartsWith("hung", StringComparison.Ordinal) ? 1 : 0;
        _store.Outcome = key => key.StartsWith("hung", StringComparison.Ordinal) ? Volatile.Read(ref hung) : Task.FromResult(StoreOutcome.Done);
        for (var i = 0; i < 90; i++)
        {
            _pending.Add(new ResourceKey($"hung{i}"), "t");
        }

        await StepAsync();
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        var release = new TaskCompletionSource<StoreOutcome>();
        Volatile.Write(ref hung, release.Task);
        foreach (var key in new[] { A, B })
        {
            _pending.Add(key, "t");
            await StepAsync();
            await Eventually.TrueAsync(() => !_pending.MustForward(key));
        }

        Assert.Equal(90, _pending.Count);
        release.SetResult(StoreOutcome.Unavailable);
    }

    [Fact]
    public async Task A_node_that_refuses_some_keys_is_told_of_all_others()
    {
        _store.Outcome = static key => Task.FromResult(key == "b" ? StoreOutcome.Done : StoreOutcome.Unavailable);
        for (var i = 0; i < 99; i++)
        {
            _pending.Add(new ResourceKey($"refused{i}"), "t");
        }

        _pending.Add(B, "t");
        for (var i = 0; i < 5 && _pending.MustForward(B); i++)
        {
            await StepAsync();
            await Eventually.TrueAsync(() => _time.NextDue is not null);
        }

        Assert.False(_pending.MustForward(B));
    }

    public async ValueTask DisposeAsync()
    {
        _store.Outcome = static _ => Task.FromResult(StoreOutcome.Done);
        await _retries.StopAsync(CancellationToken.None);
        _retries.Dispose();
    }

    // Waits until the drain sleeps, then lets its sleep pass.
    private async Task StepAsync()
    {
        await Eventually.TrueAsync(() => _time.NextDue is not null);
        _time.Advance(_time.NextDue ?? TimeSpan.Zero);
    }
}
