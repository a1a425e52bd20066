using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Nothing_is_found_where_nothing_was_stored()
    {
        var found = await LookUpAsync();

        Assert.Equal(LookUpOutcome.Miss, found.Outcome);
        Assert.Equal("", found.Vary);
        Assert.Equal("", found.Stamp);
        Assert.Null(found.Response);
    }

    [Fact]
    public async Task What_was_stored_is_found_as_it_was()
    {
        var response = Response("{\"name\":\"Zoë\"}") with
        {
            Status = 203,
            InitialAgeMs = 7,
            LifetimeMs = 8,
            StaleWhileRevalidateMs = 9,
            StaleIfErrorMs = 10,
            Flags = StoredFlags.MustRevalidate | StoredFlags.NoCache,
            Headers = [new("Content-Type", "application/json"), new("X-Odd", "é ü"), new("Link", "<a>"), new("Link", "")],
        };

        await FillAsync(response: response);
        var found = await LookUpAsync();

        Assert.Equal(LookUpOutcome.Found, found.Outcome);
        Assert.NotEqual("", found.Stamp);
        Assert.Equal(response.Body.ToArray(), found.Response!.Body.ToArray());
        Assert.Equal(response.Headers, found.Response.Headers);
        Assert.Equal(response with { Body = default, Headers = [] }, found.Response with { Body = default, Headers = [] });
    }

    [Fact]
    public async Task An_empty_body_is_a_body()
    {
        await FillAsync(response: Response(""));

        Assert.Equal(0, (await LookUpAsync()).Response!.Body.Length);
    }

    [Fact]
    public async Task An_entry_is_gone_when_its_time_is_up()
    {
        await FillAsync();
        await PassAsync(Retention + TimeSpan.FromSeconds(1));

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_finished_fill_leaves_the_entry_and_its_time_alone()
    {
        var lease = await BeginFillAsync(duration: TimeSpan.FromHours(1));
        await CompleteFillAsync(lease);

        await PassAsync(Retention + TimeSpan.FromSeconds(1));

        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_look_up_takes_the_lease_where_there_is_nothing()
    {
        var lease = NewLease();
        var found = await Store.LookUpOrBeginFillAsync(Key, lease, Budget);

        Assert.Equal((LookUpOutcome.Miss, "", "", lease), (found.Outcome, found.Vary, found.Stamp, found.Lease));
        Assert.Equal(BeginFillOutcome.UnderWay, (await TryBeginFillAsync(exclusive: true)).Outcome);
        Assert.Equal(CompleteFillOutcome.Stored, await CompleteFillAsync(lease));
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task It_takes_none_where_there_is_an_entry_a_lease_or_a_fence()
    {
        await BeginFillAsync();
        Assert.Equal((LookUpOutcome.Miss, null), await LookUpOrBeginFillAsync());

        await DeleteAsync();
        await FillAsync(variant: German, vary: "accept-language");
        Assert.Equal((LookUpOutcome.Miss, null), await LookUpOrBeginFillAsync());
        Assert.Equal((LookUpOutcome.Found, null), await LookUpOrBeginFillAsync(German));

        await BeginWriteAsync("1");
        Assert.Equal((LookUpOutcome.Fenced, null), await LookUpOrBeginFillAsync(German));

        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(1));
        Assert.Null((await LookUpOrBeginFillAsync(German)).Lease);
    }

    [Fact]
    public async Task A_lease_taken_with_a_look_up_is_revoked_by_a_write_and_ends_at_its_time()
    {
        var lease = NewLease();
        Assert.NotNull((await Store.LookUpOrBeginFillAsync(Key, lease, Budget)).Lease);
        await BeginWriteAsync("1");
        await EndWriteAsync("1", WriteResult.Changed);
        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));

        Assert.NotNull((await LookUpOrBeginFillAsync()).Lease);
        await PassAsync(Lease + TimeSpan.FromSeconds(1));
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task An_abandoned_fill_leaves_nothing()
    {
        var lease = await BeginFillAsync();
        await Store.AbandonFillAsync(Key, lease, Budget);

        Assert.True(await IsGoneAsync());
        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
    }

    [Fact]
    public async Task A_lease_that_nobody_gave_back_runs_out()
    {
        var lease = await BeginFillAsync(duration: Lease);
        await PassAsync(Lease + TimeSpan.FromSeconds(1));

        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_lease_past_its_deadline_stores_nothing_though_the_key_lives()
    {
        await FillAsync(variant: German);
        var lease = await BeginFillAsync(duration: Lease);
        await PassAsync(Lease + TimeSpan.FromSeconds(1));

        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(German)).Outcome);
    }

    [Fact]
    public async Task Deleting_the_key_by_hand_revokes_fills_under_way()
    {
        await FillAsync(variant: German);
        var lease = await BeginFillAsync();
        await DeleteAsync();

        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(German)).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_lease_is_refused_when_somebody_has_filled_since_the_look_up()
    {
        var before = await LookUpAsync();
        await FillAsync();

        Assert.Equal(BeginFillOutcome.Changed, (await TryBeginFillAsync(seen: before.Stamp)).Outcome);
        var now = await LookUpAsync();
        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(seen: now.Stamp)).Outcome);
        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(German, seen: before.Stamp)).Outcome);
    }

    [Fact]
    public async Task A_lease_is_refused_where_the_entry_that_was_seen_has_been_evicted_or_has_expired()
    {
        await FillAsync();
        var seen = (await LookUpAsync()).Stamp;
        await BeginWriteAsync("w");
        await EndWriteAsync("w", WriteResult.Changed);
        Assert.Equal(BeginFillOutcome.Changed, (await TryBeginFillAsync(seen: seen)).Outcome);

        await FillAsync();
        seen = (await LookUpAsync()).Stamp;
        await PassAsync(Retention + TimeSpan.FromSeconds(1));
        Assert.Equal(BeginFillOutcome.Changed, (await TryBeginFillAsync(seen: seen)).Outcome);
        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(seen: (await LookUpAsync()).Stamp)).Outcome);
    }

    [Fact]
    public async Task A_stale_entry_stays_while_it_is_filled_again()
    {
        await FillAsync(response: Response("old"));
        var lease = await BeginFillAsync(seen: (await LookUpAsync()).Stamp);
        Assert.Equal("old", Text(await LookUpAsync()));

        await CompleteFillAsync(lease, Response("new"));
        Assert.Equal("new", Text(await LookUpAsync()));
    }

    [Fact]
    public async Task Every_fill_has_a_stamp_of_its_own()
    {
        await FillAsync();
        var first = (await LookUpAsync()).Stamp;
        await FillAsync(seen: first);

        Assert.NotEqual(first, (await LookUpAsync()).Stamp);
    }

    [Fact]
    public async Task An_exclusive_lease_is_refused_while_another_for_the_variant_lives()
    {
        var first = await BeginFillAsync(exclusive: true);
        Assert.Equal(BeginFillOutcome.UnderWay, (await TryBeginFillAsync(exclusive: true)).Outcome);
        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(German, exclusive: true)).Outcome);
        Assert.Equal(BeginFillOutcome.UnderWay, (await TryBeginFillAsync(German, exclusive: true)).Outcome);
        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(French, exclusive: true)).Outcome);

        await Store.AbandonFillAsync(Key, first, Budget);
        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(exclusive: true)).Outcome);
    }

    [Fact]
    public async Task A_dead_lease_refuses_nobody()
    {
        await BeginFillAsync(exclusive: true);
        await FillAsync(variant: German);
        await PassAsync(Lease + TimeSpan.FromSeconds(1));

        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(exclusive: true)).Outcome);
    }

    [Fact]
    public async Task Leases_that_are_not_exclusive_go_side_by_side_and_the_last_to_complete_stays()
    {
        var first = await BeginFillAsync();
        var second = await BeginFillAsync();

        Assert.Equal(CompleteFillOutcome.Stored, await CompleteFillAsync(first, Response("first")));
        Assert.Equal(CompleteFillOutcome.Stored, await CompleteFillAsync(second, Response("second")));
        Assert.Equal("second", Text(await LookUpAsync()));
    }
}
