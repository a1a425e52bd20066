using System.Text;
using CacheProxy.HttpRules;
using CacheProxy.Keys;
using CacheProxy.Stores;
using Xunit;

namespace CacheProxy.IntegrationTests.Stores;

/// <summary>What every store does, whatever it is made of. A store is what passes.</summary>
public abstract class StoreContract : IAsyncLifetime
{
    private protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private protected static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(300);
    private protected static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);
    private protected static readonly VariantKey Plain = VariantKey.Plain;
    private protected static readonly VariantKey German = new("0123456789abcdef0123456789abcdef");
    private protected static readonly VariantKey French = new("fedcba9876543210fedcba9876543210");

    private protected ICacheStore Store { get; private set; } = null!;

    private protected ResourceKey Key { get; } = new("demo:customer:" + Guid.NewGuid().ToString("N"));

    private protected static StorePatience Patience => new(TimeSpan.FromSeconds(20));

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

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
        await PassAsync(KeepFor + TimeSpan.FromSeconds(1));

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task A_finished_fill_leaves_the_entry_and_its_time_alone()
    {
        var lease = await BeginFillAsync(duration: TimeSpan.FromHours(1));
        await CompleteFillAsync(lease);

        await PassAsync(KeepFor + TimeSpan.FromSeconds(1));

        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task An_abandoned_fill_leaves_nothing()
    {
        var lease = await BeginFillAsync();
        await Store.AbandonFillAsync(Key, lease, Patience);

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
        await PassAsync(KeepFor + TimeSpan.FromSeconds(1));
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
        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(1));

        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);
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
    public async Task A_lease_is_granted_where_the_entry_that_was_seen_has_gone()
    {
        await FillAsync();
        var seen = (await LookUpAsync()).Stamp;
        await DeleteAsync();

        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(seen: seen)).Outcome);
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

        await Store.AbandonFillAsync(Key, first, Patience);
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

    [Fact]
    public async Task Variants_are_apart_and_the_names_they_vary_on_are_joined()
    {
        await FillAsync(variant: German, vary: "accept-language", response: Response("de"));
        await FillAsync(variant: French, vary: "accept-encoding,accept-language", response: Response("fr"));
        await FillAsync(variant: Plain, vary: "", response: Response("en"));

        Assert.Equal("de", Text(await LookUpAsync(German)));
        Assert.Equal("fr", Text(await LookUpAsync(French)));
        Assert.Equal("en", Text(await LookUpAsync()));
        Assert.Equal("accept-encoding,accept-language", (await LookUpAsync(German)).Vary);
        Assert.Equal("accept-encoding,accept-language", (await LookUpAsync(new VariantKey("00000000000000000000000000000000"))).Vary);
    }

    [Fact]
    public async Task A_response_may_be_stored_under_another_variant_than_was_looked_up()
    {
        var lease = await BeginFillAsync(Plain);
        await CompleteFillAsync(lease, Response("de"), German, "accept-language");

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.Equal("de", Text(await LookUpAsync(German)));
    }

    [Fact]
    public async Task Beyond_the_most_variants_the_one_that_expires_first_goes()
    {
        await FillAsync(variant: German, keepFor: TimeSpan.FromSeconds(200), maxVariants: 2);
        await FillAsync(variant: French, keepFor: TimeSpan.FromSeconds(100), maxVariants: 2);
        await FillAsync(variant: Plain, keepFor: TimeSpan.FromSeconds(50), maxVariants: 2);

        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(German)).Outcome);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(French)).Outcome);
    }

    [Fact]
    public async Task An_expired_variant_is_no_hit_though_another_keeps_the_key()
    {
        await FillAsync(variant: German, keepFor: TimeSpan.FromSeconds(10));
        await FillAsync();
        await PassAsync(TimeSpan.FromSeconds(11));

        var found = await LookUpAsync(German);
        Assert.Equal(LookUpOutcome.Miss, found.Outcome);
        Assert.Equal(BeginFillOutcome.Granted, (await TryBeginFillAsync(German, found.Stamp)).Outcome);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
    }

    [Fact]
    public async Task Resources_do_not_touch_each_other()
    {
        var other = new ResourceKey(Key.Value + "4");
        await FillAsync();
        await Store.BeginWriteAsync(other, "w", WriteDeadline, Patience);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);

        await Store.EndWriteAsync(other, "w", WriteResult.Changed, Patience);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
    }

    private protected static StoredResponse Response(string body) => new()
    {
        Status = 200,
        Headers = [new HeaderField("Content-Type", "application/json; charset=utf-8")],
        Body = Encoding.UTF8.GetBytes(body),
        ResponseTimeMs = 1_763_956_800_000,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "localhost:4004 /api/customers/123",
    };

    private protected static string Text(LookUpResult found) => Encoding.UTF8.GetString(found.Response!.Body.Span);

    private protected abstract ValueTask<ICacheStore> OpenAsync();

    /// <summary>Makes time pass for the resource, without waiting for it.</summary>
    private protected abstract ValueTask PassAsync(TimeSpan time);

    /// <summary>Deletes the resource, as a person does.</summary>
    private protected abstract ValueTask DeleteAsync();

    /// <summary>Whether the store holds nothing at all of the resource.</summary>
    private protected abstract ValueTask<bool> IsGoneAsync();

    private protected ValueTask<LookUpResult> LookUpAsync(VariantKey? variant = null) => Store.LookUpAsync(Key, variant ?? Plain, Patience);

    private protected async Task<(FillLease Lease, BeginFillOutcome Outcome)> TryBeginFillAsync(
        VariantKey? variant = null, string seen = "", bool exclusive = false, TimeSpan? duration = null)
    {
        var lease = new FillLease(Guid.NewGuid().ToString("N"), variant ?? Plain, seen, duration ?? Lease, exclusive);
        return (lease, await Store.BeginFillAsync(Key, lease, Patience));
    }

    private protected async Task<FillLease> BeginFillAsync(
        VariantKey? variant = null, string seen = "", bool exclusive = false, TimeSpan? duration = null)
    {
        var (lease, outcome) = await TryBeginFillAsync(variant, seen, exclusive, duration);
        Assert.Equal(BeginFillOutcome.Granted, outcome);
        return lease;
    }

    private protected ValueTask<CompleteFillOutcome> CompleteFillAsync(
        FillLease lease, StoredResponse? response = null, VariantKey? variant = null, string vary = "", TimeSpan? keepFor = null, int maxVariants = 64) =>
        Store.CompleteFillAsync(
            Key, lease, new FillResult(variant ?? lease.Variant, vary, response ?? Response("{}"), keepFor ?? KeepFor, maxVariants), Patience);

    private protected async Task FillAsync(
        StoredResponse? response = null, VariantKey? variant = null, string vary = "", TimeSpan? keepFor = null, int maxVariants = 64, string seen = "")
    {
        var lease = await BeginFillAsync(variant, seen);
        Assert.Equal(CompleteFillOutcome.Stored, await CompleteFillAsync(lease, response, variant, vary, keepFor, maxVariants));
    }

    private protected async Task BeginWriteAsync(string token, TimeSpan? deadline = null) =>
        Assert.Equal(StoreOutcome.Done, await Store.BeginWriteAsync(Key, token, deadline ?? WriteDeadline, Patience));

    private protected async Task EndWriteAsync(string token, WriteResult result) =>
        Assert.Equal(StoreOutcome.Done, await Store.EndWriteAsync(Key, token, result, Patience));
}
