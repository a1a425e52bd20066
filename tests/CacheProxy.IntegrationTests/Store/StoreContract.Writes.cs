using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task A_fill_that_began_before_a_write_is_not_stored()
    {
        var lease = await BeginFillAsync();
        await BeginWriteAsync("w");
        await EndWriteAsync("w", WriteResult.Changed);

        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_fill_that_began_before_a_write_is_not_stored_while_it_is_under_way()
    {
        var lease = await BeginFillAsync();
        await BeginWriteAsync("w");

        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task A_fill_that_began_before_a_refused_write_is_not_stored_either()
    {
        var lease = await BeginFillAsync();
        await BeginWriteAsync("w");
        await EndWriteAsync("w", WriteResult.Unchanged);

        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task While_a_write_is_under_way_nothing_is_found_and_nobody_fills()
    {
        await FillAsync();
        await FillAsync(variant: German);
        await BeginWriteAsync("w");

        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync(German)).Outcome);
        Assert.Equal(BeginFillOutcome.Fenced, (await TryBeginFillAsync()).Outcome);
    }

    [Fact]
    public async Task A_write_that_changed_something_evicts_every_variant()
    {
        await FillAsync();
        await FillAsync(variant: German, vary: "accept-language");
        await BeginWriteAsync("w");
        await EndWriteAsync("w", WriteResult.Changed);

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(German)).Outcome);
        Assert.Equal("", (await LookUpAsync()).Vary);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_refused_write_keeps_the_entry_and_its_time()
    {
        await FillAsync();
        await BeginWriteAsync("w", TimeSpan.FromHours(1));
        await EndWriteAsync("w", WriteResult.Unchanged);

        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
        await PassAsync(Retention + TimeSpan.FromSeconds(1));
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_write_whose_outcome_is_unknown_evicts_and_keeps_its_fence_until_the_deadline()
    {
        await FillAsync();
        await BeginWriteAsync("w");
        await EndWriteAsync("w", WriteResult.Unknown);

        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
        Assert.Equal(BeginFillOutcome.Fenced, (await TryBeginFillAsync()).Outcome);

        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(1));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_crashed_writers_entry_is_never_found_again()
    {
        await FillAsync();
        await FillAsync(variant: German);
        await BeginWriteAsync("crashed");
        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(1));

        // A miss, not fenced: somebody has to begin a fill.
        Assert.Equal(LookUpResult.Miss(""), await LookUpAsync());
        var lease = await BeginFillAsync();
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(German)).Outcome);
        Assert.Equal(CompleteFillOutcome.Stored, await CompleteFillAsync(lease));
    }

    [Fact]
    public async Task A_fill_under_way_ends_for_nothing_when_a_write_before_it_ran_out_of_time()
    {
        await BeginWriteAsync("crashed", TimeSpan.FromSeconds(5));
        await BeginWriteAsync("slow");
        await PassAsync(TimeSpan.FromSeconds(6));

        Assert.Equal(BeginFillOutcome.Fenced, (await TryBeginFillAsync()).Outcome);
        await EndWriteAsync("slow", WriteResult.Unchanged);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_refused_write_evicts_when_another_ran_out_of_time_meanwhile()
    {
        await FillAsync();
        await BeginWriteAsync("crashed", TimeSpan.FromSeconds(5));
        await BeginWriteAsync("refused");
        await PassAsync(TimeSpan.FromSeconds(6));
        await EndWriteAsync("refused", WriteResult.Unchanged);

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task The_fence_stands_until_the_last_of_overlapping_writes_has_ended()
    {
        await FillAsync();
        await BeginWriteAsync("a");
        await BeginWriteAsync("b");
        await EndWriteAsync("a", WriteResult.Changed);

        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
        Assert.Equal(BeginFillOutcome.Fenced, (await TryBeginFillAsync()).Outcome);

        await EndWriteAsync("b", WriteResult.Unchanged);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task Two_refused_writes_keep_the_entry()
    {
        await FillAsync();
        await BeginWriteAsync("a");
        await BeginWriteAsync("b", TimeSpan.FromHours(1));
        await EndWriteAsync("b", WriteResult.Unchanged);
        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
        await EndWriteAsync("a", WriteResult.Unchanged);

        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task A_renewed_write_outlives_its_first_deadline()
    {
        await FillAsync();
        await BeginWriteAsync("w");
        await PassAsync(WriteDeadline - TimeSpan.FromSeconds(5));
        await BeginWriteAsync("w");
        await PassAsync(WriteDeadline - TimeSpan.FromSeconds(5));

        Assert.Equal(BeginFillOutcome.Fenced, (await TryBeginFillAsync()).Outcome);
        await EndWriteAsync("w", WriteResult.Changed);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_renewal_sets_the_fence_again_where_the_key_was_deleted()
    {
        await BeginWriteAsync("w");
        await DeleteAsync();
        var lease = await BeginFillAsync();
        await BeginWriteAsync("w");

        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
    }

    [Theory]
    [InlineData("Changed", true)]
    [InlineData("Unknown", true)]
    [InlineData("Unchanged", false)]
    public async Task A_write_whose_own_fence_is_gone_ends_all_the_same(string result, bool evicts)
    {
        await BeginWriteAsync("w");
        await DeleteAsync();
        await FillAsync();
        await EndWriteAsync("w", Enum.Parse<WriteResult>(result));

        Assert.Equal(evicts ? LookUpOutcome.Miss : LookUpOutcome.Found, (await LookUpAsync()).Outcome);
        Assert.Equal(evicts, await IsGoneAsync());
    }

    [Theory]
    [InlineData("Changed")]
    [InlineData("Unchanged")]
    [InlineData("Unknown")]
    public async Task Ending_a_write_twice_is_ending_it_once(string word)
    {
        var result = Enum.Parse<WriteResult>(word);
        await FillAsync();
        await BeginWriteAsync("w");
        await EndWriteAsync("w", result);
        var once = await LookUpAsync();
        await EndWriteAsync("w", result);
        var twice = await LookUpAsync();

        Assert.Equal(once.Outcome, twice.Outcome);
        Assert.Equal(once.Stamp, twice.Stamp);
    }
}
