using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Harness;
using CacheProxy.Tests.Management;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>Whom a writer waits for, and for how long.</summary>
public sealed class AwaitedHoldersTests : IDisposable
{
    private const string R = "2222222222222222";
    private const string S = "3333333333333333";

    private static readonly ResourceKey Key = new("demo:customer:123");

    private readonly SleeperTimeProvider _time = new();
    private readonly ReplicaBus _bus = new();
    private readonly Exposition _exposition = new();
    private readonly Acknowledgements _acknowledgements;
    private readonly AwaitedHolders _awaited;

    public AwaitedHoldersTests()
    {
        _acknowledgements = new Acknowledgements(_time, new EvictionWaits(_exposition.Meters, _time, NullLogger<EvictionWaits>.Instance));
        _awaited = new AwaitedHolders(_acknowledgements, _bus.Join("1111111111111111"));
    }

    public void Dispose()
    {
        _awaited.Dispose();
        _exposition.Dispose();
    }

    [Fact]
    public async Task Nobody_is_waited_for_where_nobody_holds_anything_and_that_costs_nothing()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        _awaited.Add(Key, WriteStep.Done);
        Assert.True(await _awaited.WaitAsync(CancellationToken.None));
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public async Task A_holder_is_waited_for_until_it_acknowledges_a_number_above_its_own()
    {
        _awaited.Add(Key, Listed(R, 7));
        var waiting = WaitAsync();

        _acknowledgements.Note(Key, R, 7);
        _acknowledgements.Note(Key, S, 8);
        _acknowledgements.Note(new ResourceKey("demo:customer:124"), R, 8);
        Assert.False(waiting.IsCompleted);

        _acknowledgements.Note(Key, R, 8);
        Assert.True(await waiting);
        Assert.Contains("cacheproxy_evictions_waits_total{ended=\"acknowledged\"} 1", await _exposition.ReadAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_acknowledged_before_the_wait_is_not_waited_for(bool isBeforeItWasListed)
    {
        if (isBeforeItWasListed)
        {
            _acknowledgements.Note(Key, R, 8);
        }

        _awaited.Add(Key, Listed(R, 7));
        _acknowledgements.Note(Key, R, 8);

        Assert.True(WaitAsync().IsCompletedSuccessfully);
    }

    [Fact]
    public async Task An_earlier_acknowledgement_does_not_lower_what_is_known_and_is_none_of_a_later_lease()
    {
        _acknowledgements.Note(Key, R, 8);
        _acknowledgements.Note(Key, R, 5);
        _awaited.Add(Key, Listed(R, 7));
        Assert.True(WaitAsync().IsCompletedSuccessfully);

        _awaited.Add(Key, Listed(R, 8));
        var waiting = WaitAsync();
        Assert.False(waiting.IsCompleted);
        _acknowledgements.Note(Key, R, 9);
        Assert.True(await waiting);
    }

    [Fact]
    public async Task Both_lists_are_waited_for_that_of_the_beginning_and_that_of_the_end()
    {
        _awaited.Add(Key, new WriteStep(StoreOutcome.Done, [new Holder(R, 3, Seconds(1)), new Holder(S, 1, Seconds(2))]));
        _awaited.Add(Key, new WriteStep(StoreOutcome.Done, [new Holder(R, 5, Seconds(1))]));
        var waiting = WaitAsync();

        _acknowledgements.Note(Key, R, 4);
        _acknowledgements.Note(Key, S, 2);
        Assert.False(waiting.IsCompleted);
        _acknowledgements.Note(Key, R, 6);
        Assert.True(await waiting);
    }

    [Fact]
    public async Task A_holder_that_does_not_answer_is_waited_for_until_its_lease_has_run_out_counted_from_when_it_was_listed()
    {
        _awaited.Add(Key, Listed(R, 7));
        _time.Advance(Seconds(1.5));
        var waiting = WaitAsync();

        _time.Advance(Seconds(0.499));
        Assert.False(waiting.IsCompleted);
        _time.Advance(Seconds(0.002));
        Assert.True(await waiting);
        Assert.Contains("cacheproxy_evictions_waits_total{ended=\"lapsed\"} 1", await _exposition.ReadAsync());
    }

    [Fact]
    public async Task Who_has_not_answered_is_told_again_after_20_and_after_100_ms()
    {
        _awaited.Add(Key, new WriteStep(StoreOutcome.Done, [new Holder(R, 1, Seconds(2)), new Holder(S, 1, Seconds(2))]));
        var waiting = WaitAsync();
        Assert.Empty(_bus.TakeAll());

        await AdvanceAsync(20);
        Assert.Equal([R, S], _bus.TakeAll().Select(static message => message.To).Order());
        _acknowledgements.Note(Key, S, 2);
        await AdvanceAsync(79);
        Assert.Empty(_bus.TakeAll());
        await AdvanceAsync(1);
        Assert.Equal((R, Key, null), Assert.Single(_bus.TakeAll()) is var told ? (told.To, told.Key, told.Number) : default);
        await AdvanceAsync(1000);
        Assert.Empty(_bus.TakeAll());
        Assert.False(waiting.IsCompleted);

        _acknowledgements.Note(Key, R, 2);
        Assert.True(await waiting);
    }

    [Fact]
    public void Who_has_not_answered_while_the_api_worked_is_told_again_at_once()
    {
        _awaited.Add(Key, Listed(R, 1));
        _time.Advance(Seconds(0.3));
        _ = WaitAsync();

        Assert.Single(_bus.TakeAll());
    }

    [Fact]
    public async Task Those_of_whom_the_store_cannot_know_are_waited_for()
    {
        _awaited.Add(Key, WriteStep.Done with { Grace = Seconds(1) });
        _awaited.Add(Key, new WriteStep(StoreOutcome.Done, [new Holder(R, 1, Seconds(2))], Seconds(0.5)));
        var waiting = WaitAsync();
        _acknowledgements.Note(Key, R, 2);
        await Eventually.TrueAsync(() => _time.NextDue == Seconds(1));

        _time.Advance(Seconds(0.9));
        Assert.False(waiting.IsCompleted);
        _time.Advance(Seconds(0.2));
        Assert.True(await waiting);
        Assert.Contains("cacheproxy_evictions_waits_total{ended=\"grace\"} 1", await _exposition.ReadAsync());
        Assert.Empty(_bus.Waiting);
    }

    [Fact]
    public async Task Who_leaves_ends_the_wait_and_is_told_that_it_is_not_over()
    {
        using var client = new CancellationTokenSource();
        _awaited.Add(Key, Listed(R, 7));
        var waiting = _awaited.WaitAsync(client.Token).AsTask();

        await client.CancelAsync();

        Assert.False(await waiting);
        Assert.Contains("cacheproxy_evictions_waits_total{ended=\"left\"} 1", await _exposition.ReadAsync());
    }

    [Fact]
    public async Task Several_who_wait_for_one_holder_hear_of_it_each_and_who_needs_more_waits_on()
    {
        using var other = new AwaitedHolders(_acknowledgements, _bus.Join("1111111111111111"));
        using var third = new AwaitedHolders(_acknowledgements, _bus.Join("1111111111111111"));
        _awaited.Add(Key, Listed(R, 1));
        other.Add(Key, Listed(R, 1));
        third.Add(Key, Listed(R, 2));
        var (waiting, others, thirds) = (WaitAsync(), other.WaitAsync(CancellationToken.None).AsTask(), third.WaitAsync(CancellationToken.None).AsTask());

        _acknowledgements.Note(Key, R, 2);

        Assert.True(await waiting);
        Assert.True(await others);
        Assert.False(thirds.IsCompleted);
        _acknowledgements.Note(Key, R, 3);
        Assert.True(await thirds);
    }

    [Fact]
    public void What_is_remembered_is_bounded_and_what_is_forgotten_is_asked_for_again()
    {
        _acknowledgements.Note(Key, R, 8);
        Assert.True(Have(R, 7));
        for (var i = 0; i < 3 * 8192; i++)
        {
            _acknowledgements.Note(new ResourceKey($"demo:customer:{i}"), S, 1);
        }

        Assert.False(Have(R, 7));
    }

    private bool Have(string replica, long number)
    {
        lock (_acknowledgements.Lock)
        {
            return _acknowledgements.Have_NeedsLock((Key, replica), number);
        }
    }

    private Task<bool> WaitAsync() => _awaited.WaitAsync(TestContext.Current.CancellationToken).AsTask();

    // What wakes because of it sleeps again before the next step.
    private async Task AdvanceAsync(int milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        await Eventually.TrueAsync(() => _time.NextDue is not null);
    }

    private static WriteStep Listed(string replica, long number) => new(StoreOutcome.Done, [new Holder(replica, number, Seconds(2))]);

    private static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds);
}
