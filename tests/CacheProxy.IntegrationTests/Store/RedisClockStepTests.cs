using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>A Redis whose clock is set while it is in use. Deadlines move by as much; evictions do not depend on them.</summary>
public sealed class RedisClockStepTests(RedisServerFixture redis) : IClassFixture<RedisServerFixture>, IAsyncLifetime
{
    private const int HourMs = 3_600_000;

    /// <summary>Redis's clock, and what it was moved by.</summary>
    private const string Clock = """
        local function clock()
          local time = redis.call('TIME')
          return time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(redis.call('GET', KEYS[1] .. ':step') or '0')
        end
        """;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    private readonly ResourceKey _key = new("demo:customer:" + Guid.NewGuid().ToString("N"));
    private RedisStore _store = null!;

    private static StoreTimeoutBudget Budget => new(TimeSpan.FromSeconds(20));

    public async ValueTask InitializeAsync() => _store = await RedisStores.OpenAsync(redis.Server, scripts: new RedisScripts(Clock));

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Theory]
    [InlineData(HourMs)]
    [InlineData(-HourMs)]
    public async Task A_write_evicts_whatever_was_stored_before_and_after_the_step(int step)
    {
        await FillAsync();
        await _store.BeginWriteAsync(_key, "w", Deadline, Budget);
        await StepAsync(step);
        var outcome = await TryFillAsync();
        Assert.Equal(step > 0 ? BeginFillOutcome.Granted : BeginFillOutcome.Fenced, outcome);
        Assert.Equal(step > 0 ? LookUpOutcome.Found : LookUpOutcome.Fenced, await LookUpAsync());

        await _store.EndWriteAsync(_key, "w", WriteResult.Changed, Budget);

        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());
        Assert.Equal(0, await redis.Server.NumberAsync("EXISTS", _key.Value));
    }

    [Fact]
    public async Task A_fence_whose_write_nobody_ends_stands_longer_by_as_much_as_the_clock_was_set_back()
    {
        await FillAsync();
        await _store.BeginWriteAsync(_key, "w", Deadline, Budget);
        await StepAsync(-HourMs);
        Assert.Equal(BeginFillOutcome.Fenced, await TryFillAsync());

        await StepAsync(-1000);
        Assert.Equal(BeginFillOutcome.Fenced, await TryFillAsync());

        await StepAsync((int)Deadline.TotalMilliseconds + 1000);
        Assert.Equal(BeginFillOutcome.Granted, await TryFillAsync());
        Assert.Equal(["body", "meta"], await redis.Server.FieldsAsync(_key.Value));
    }

    [Theory]
    [InlineData(HourMs, CompleteFillOutcome.Revoked)]
    [InlineData(-HourMs, CompleteFillOutcome.Stored)]
    public async Task A_lease_that_a_step_ends_early_is_not_stored(int step, object outcome)
    {
        var lease = await BeginAsync();
        await StepAsync(step);

        Assert.Equal(outcome, await CompleteAsync(lease));
    }

    [Fact]
    public async Task An_entry_from_the_future_is_not_served_and_is_filled_anew()
    {
        // It was stored while the clock was an hour ahead. By its age it would be fresh for an hour longer than it may be.
        Assert.Equal(BeginFillOutcome.Granted, await TryFillAsync(aheadMs: HourMs));
        Assert.Equal(LookUpOutcome.Miss, await LookUpAsync());

        Assert.Equal(BeginFillOutcome.Granted, await TryFillAsync());
        Assert.Equal(LookUpOutcome.Found, await LookUpAsync());
    }

    private async Task StepAsync(int milliseconds) =>
        await redis.Server.SendAsync("SET", _key.Value + ":step", milliseconds.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private async Task<LookUpOutcome> LookUpAsync() => (await _store.LookUpAsync(_key, VariantKey.Plain, Budget)).Outcome;

    private async Task FillAsync() => Assert.Equal(BeginFillOutcome.Granted, await TryFillAsync());

    private async Task<BeginFillOutcome> TryFillAsync(long aheadMs = 0)
    {
        var lease = NewLease() with { Seen = (await _store.LookUpAsync(_key, VariantKey.Plain, Budget)).Stamp };
        var outcome = await _store.BeginFillAsync(_key, lease, Budget);
        if (outcome == BeginFillOutcome.Granted)
        {
            Assert.Equal(CompleteFillOutcome.Stored, await CompleteAsync(lease, aheadMs));
        }

        return outcome;
    }

    private async Task<FillLease> BeginAsync()
    {
        var lease = NewLease();
        Assert.Equal(BeginFillOutcome.Granted, await _store.BeginFillAsync(_key, lease, Budget));
        return lease;
    }

    private FillLease NewLease() => new(_store.NewFillToken(_key), VariantKey.Plain, "", FillLease.DefaultDuration, Exclusive: false);

    private ValueTask<CompleteFillOutcome> CompleteAsync(FillLease lease, long aheadMs = 0)
    {
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [new HeaderField("Content-Type", "application/json")],
            Body = "{}"u8.ToArray(),
            ResponseTimeMs = _store.NowMs + aheadMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "localhost /api/customers/123",
        };
        return _store.CompleteFillAsync(_key, lease, new FillResult(VariantKey.Plain, "", response, TimeSpan.FromHours(1), 64), Budget);
    }
}
