using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>Copies that replicas hold: who evicts what they hold is told of them, and leaves them their leases.</summary>
public abstract partial class StoreContract
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(40);

    private ICacheStore? _other;

    private ICacheStore Other => _other!;

    [Fact]
    public async Task What_is_found_is_held_and_the_writer_is_told_by_whom_and_for_how_long()
    {
        await OpenReplicasAsync();
        await FillAsync(Response("{}"));

        var held = await HoldAsync(7);
        var begun = await BeginAsync("1");
        var ended = await EndAsync("1");

        Assert.Equal((LookUpOutcome.Found, "{}", true), (held.Outcome, Text(held), held.IsHeld));
        Assert.All([begun, ended], step => Assert.Equal((StoreOutcome.Done, "7"), (step.Outcome, Numbers(step))));
        Assert.All([begun, ended], static step => Assert.InRange(step.Holders![0].Left, TimeSpan.FromSeconds(20), Length));
        Assert.Equal(Other.Channel!.Replica, begun.Holders![0].Replica);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task A_variant_is_held_as_the_plain_one_is()
    {
        await OpenReplicasAsync();
        await FillAsync(Response("{}"), German, vary: "accept-language");

        var held = await Other.HoldAsync(Key, German, new HoldRequest(1, Length), Budget);

        Assert.Equal((LookUpOutcome.Found, "accept-language", true), (held.Outcome, held.Vary, held.IsHeld));
        Assert.Equal("1", Numbers(await BeginAsync("1")));
    }

    [Fact]
    public async Task A_look_up_holds_nothing()
    {
        await OpenReplicasAsync();
        await FillAsync();

        Assert.False((await Other.LookUpAsync(Key, Plain, Budget)).IsHeld);
        Assert.Null((await BeginAsync("1")).Holders);
    }

    [Fact]
    public async Task What_is_not_there_is_not_held()
    {
        await OpenReplicasAsync();
        Assert.Equal((LookUpOutcome.Miss, false), Told(await HoldAsync()));
        Assert.True(await IsGoneAsync());

        await FillAsync(variant: German, vary: "accept-language");
        Assert.Equal((LookUpOutcome.Miss, false), Told(await HoldAsync()));
        Assert.Null((await BeginAsync("1")).Holders);
    }

    [Fact]
    public async Task Nothing_is_held_while_a_write_is_under_way_or_its_outcome_is_unknown()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await BeginWriteAsync("1");
        Assert.Equal((LookUpOutcome.Fenced, false), Told(await HoldAsync()));

        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(1));
        Assert.Equal((LookUpOutcome.Miss, false), Told(await HoldAsync()));
        Assert.Null((await EndAsync("1")).Holders);
    }

    [Fact]
    public async Task A_write_that_was_refused_leaves_what_can_be_held_again()
    {
        await OpenReplicasAsync();
        await FillAsync(Response("{}"));
        await HoldAsync(1);
        await BeginWriteAsync("1");
        await EndAsync("1", WriteResult.Unchanged);

        Assert.Equal((LookUpOutcome.Found, true), Told(await HoldAsync(2)));
        Assert.Equal("2", Numbers(await BeginAsync("2")));
    }

    [Fact]
    public async Task A_write_whose_outcome_is_unknown_names_the_holders()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync(3);
        await BeginWriteAsync("1");

        Assert.Equal("3", Numbers(await EndAsync("1", WriteResult.Unknown)));
    }

    [Fact]
    public async Task A_lease_runs_out()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync();
        await PassAsync(Length + TimeSpan.FromSeconds(1));

        Assert.Null((await BeginAsync("1")).Holders);
        await EndWriteAsync("1", WriteResult.Changed);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_later_hold_never_shortens_a_lease_nor_lowers_its_number()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync(5);
        await Other.HoldAsync(Key, Plain, new HoldRequest(4, TimeSpan.FromSeconds(1)), Budget);

        var begun = await BeginAsync("1");

        Assert.Equal("5", Numbers(begun));
        Assert.InRange(begun.Holders![0].Left, TimeSpan.FromSeconds(10), Length);
    }

    [Fact]
    public async Task A_later_hold_prolongs_a_lease_and_raises_its_number()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await Other.HoldAsync(Key, Plain, new HoldRequest(4, TimeSpan.FromSeconds(1)), Budget);
        await HoldAsync(5);

        var begun = await BeginAsync("1");

        Assert.Equal("5", Numbers(begun));
        Assert.InRange(begun.Holders![0].Left, TimeSpan.FromSeconds(10), Length);
    }

    [Fact]
    public async Task An_eviction_without_a_fence_leaves_holders_their_leases_and_the_key_goes_with_the_last()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync();

        Assert.Equal("0", Numbers(await EndAsync("1")));
        Assert.Equal("0", Numbers(await EndAsync("2")));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.False(await IsGoneAsync());

        await PassAsync(Length + TimeSpan.FromSeconds(1));
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_resource_is_filled_anew_while_its_predecessor_is_held()
    {
        await OpenReplicasAsync();
        await FillAsync(Response("old"));
        await HoldAsync(1);
        await EndWriteAsync("1", WriteResult.Changed);

        await FillAsync(Response("new"));
        await AbandonAsync();

        Assert.Equal("new", Text(await LookUpAsync()));
        Assert.Equal("1", Numbers(await BeginAsync("2")));
    }

    [Fact]
    public async Task An_entry_that_expires_leaves_the_lease_on_its_copies()
    {
        await OpenReplicasAsync();
        await FillAsync(retention: TimeSpan.FromSeconds(20));
        await HoldAsync(6);
        await PassAsync(TimeSpan.FromSeconds(21));

        Assert.Equal((LookUpOutcome.Miss, false), Told(await HoldAsync(7)));
        await AbandonAsync();
        Assert.Equal("6", Numbers(await BeginAsync("1")));
    }

    [Fact]
    public async Task A_write_that_nobody_ended_evicts_at_its_deadline_and_leaves_holders_their_leases()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync(6);
        await BeginWriteAsync("1", TimeSpan.FromSeconds(10));
        await PassAsync(TimeSpan.FromSeconds(11));

        await AbandonAsync();

        Assert.Equal("6", Numbers(await BeginAsync("2")));
    }

    [Fact]
    public async Task A_tags_generation_is_held_and_whoever_evicts_it_is_told()
    {
        await OpenReplicasAsync();
        Assert.Equal((TagOutcome.Absent, false), Told(await HoldTagAsync(1), held: true));
        var drawn = await OpenTagAsync();

        var held = await HoldTagAsync(4);

        Assert.Equal((TagOutcome.InForce, drawn.Generation, true), (held.Outcome, held.Generation, held.IsHeld));
        Assert.Equal("4", Numbers(await EndAsync("1")));
        Assert.NotEqual(drawn.Generation, (await OpenTagAsync()).Generation);
        Assert.Equal("4", Numbers(await BeginAsync("2")));
        Assert.Equal((TagOutcome.Fenced, false), Told(await HoldTagAsync(5), held: true));
        await EndAsync("2");
        await OpenTagAsync(TimeSpan.FromSeconds(1));
        await PassAsync(TimeSpan.FromSeconds(2));
        Assert.Equal("4", Numbers(await EndAsync("3")));
        await PassAsync(Length);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task Whoever_deletes_a_resource_by_hand_deletes_the_leases_too()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync();
        await DeleteAsync();

        Assert.Null((await BeginAsync("1")).Holders);
    }

    /// <summary>Another replica on the same store; <c>null</c> where a store has no other.</summary>
    private protected virtual async ValueTask<ICacheStore?> OpenOtherAsync() => await OpenAsync();

    private static (LookUpOutcome Outcome, bool IsHeld) Told(LookUpResult found) => (found.Outcome, found.IsHeld);

    private static (TagOutcome Outcome, bool IsHeld) Told(TagState state, bool held) => (state.Outcome, held && state.IsHeld);

    /// <summary>The numbers of those who are to be waited for.</summary>
    private static string Numbers(WriteStep step) => string.Join(' ', (step.Holders ?? []).Select(static holder => holder.Number).Order());

    private async Task OpenReplicasAsync()
    {
        _other = await OpenOtherAsync();
        Assert.SkipWhen(_other is null, "This store has no replicas.");
    }

    private ValueTask<LookUpResult> HoldAsync(long number = 0) => Other.HoldAsync(Key, Plain, new HoldRequest(number, Length), Budget);

    private ValueTask<TagState> HoldTagAsync(long number) => Other.HoldTagAsync(Key, new HoldRequest(number, Length), Budget);

    private ValueTask<WriteStep> BeginAsync(string token, long number = 0) => Store.BeginWriteAsync(Key, token, WriteDeadline, Budget, number);

    private ValueTask<WriteStep> EndAsync(string token, WriteResult result = WriteResult.Changed, long number = 0) =>
        Store.EndWriteAsync(Key, token, result, Budget, number);

    /// <summary>A fill that stores nothing.</summary>
    private async Task AbandonAsync() => await Store.AbandonFillAsync(Key, await BeginFillAsync(seen: (await LookUpAsync()).Stamp), Budget);
}
