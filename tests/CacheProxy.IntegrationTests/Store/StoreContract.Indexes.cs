using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>The steps on the index of a resource that others contain.</summary>
public abstract partial class StoreContract
{
    private const int Most = 3;
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(5);
    private static readonly ResourceKey One = new("demo:household:1");
    private static readonly ResourceKey Two = new("demo:household:2");

    private static IndexToken First => new("w", 1);

    [Fact]
    public async Task What_contains_a_resource_comes_back_when_a_write_of_it_begins()
    {
        await RegisteredAsync(One);
        await RegisteredAsync(Two);
        await RegisteredAsync(One);

        Assert.Equal([One, Two], await BeginOnIndexAsync(First));
        Assert.Equal([One, Two], await BeginOnIndexAsync(new IndexToken("v", 1)));
    }

    [Fact]
    public async Task Where_nothing_is_registered_nothing_comes_back()
    {
        Assert.Empty(await BeginOnIndexAsync(First));
        Assert.Empty(await EndOnIndexAsync(First));
    }

    [Fact]
    public async Task While_a_write_is_under_way_nothing_is_registered()
    {
        await BeginOnIndexAsync(First);
        await BeginOnIndexAsync(new IndexToken("v", 1));
        await EndOnIndexAsync(First);

        Assert.Equal(RegistrationOutcome.Written, (await RegisterAsync(One)).Outcome);
        Assert.Empty(await EndOnIndexAsync(new IndexToken("v", 1)));
        await RegisteredAsync(One);
    }

    [Fact]
    public async Task A_registration_says_how_long_ago_the_last_write_ended()
    {
        Assert.Null((await RegisteredAsync(One)).SinceWriteMs);
        await BeginOnIndexAsync(First);
        await PassAsync(TimeSpan.FromSeconds(5));
        await EndOnIndexAsync(First);
        await PassAsync(TimeSpan.FromSeconds(7));

        Assert.InRange((await RegisteredAsync(One)).SinceWriteMs!.Value, 7_000, 11_999);
    }

    [Fact]
    public async Task A_write_that_was_refused_leaves_no_mark()
    {
        await BeginOnIndexAsync(First);
        Assert.Empty(await EndOnIndexAsync(First, changed: false));

        Assert.Null((await RegisteredAsync(One)).SinceWriteMs);
    }

    [Fact]
    public async Task A_write_that_has_run_out_counts_as_ended_at_its_deadline()
    {
        await BeginOnIndexAsync(First);
        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(7));

        Assert.InRange((await RegisteredAsync(One)).SinceWriteMs!.Value, 7_000, 29_999);
    }

    [Fact]
    public async Task The_end_of_a_write_that_has_stood_returns_nothing()
    {
        await RegisteredAsync(One);
        await BeginOnIndexAsync(First);

        Assert.Empty(await EndOnIndexAsync(First));
        Assert.Equal([One], await BeginOnIndexAsync(First));
    }

    [Fact]
    public async Task The_end_of_a_write_that_was_lost_returns_what_was_registered_meanwhile()
    {
        await RegisteredAsync(One);
        await BeginOnIndexAsync(First);
        await PassAsync(WriteDeadline);
        await RegisteredAsync(Two);

        Assert.Equal([One, Two], await EndOnIndexAsync(First));
    }

    [Fact]
    public async Task The_end_of_a_write_that_never_began_returns_everything()
    {
        await RegisteredAsync(One);

        Assert.Equal([One], await EndOnIndexAsync(new IndexToken("w", 0)));
        Assert.NotNull((await RegisteredAsync(Two)).SinceWriteMs);
    }

    [Fact]
    public async Task A_beginning_that_replaces_a_lost_one_is_not_taken_for_it()
    {
        await BeginOnIndexAsync(First);
        await PassAsync(WriteDeadline);
        await RegisteredAsync(One);
        await BeginOnIndexAsync(new IndexToken("w", 2));

        Assert.Equal([One], await EndOnIndexAsync(First));
        await RegisteredAsync(Two);
    }

    [Fact]
    public async Task A_renewed_write_stands_for_its_whole_deadline_once_more()
    {
        await BeginOnIndexAsync(First);
        await PassAsync(WriteDeadline / 2);
        Assert.Equal(IndexRenewal.Renewed, await Store.RenewWriteOnIndexAsync(Key, First, WriteDeadline, Budget));
        await PassAsync(WriteDeadline - TimeSpan.FromSeconds(5));

        Assert.Equal(RegistrationOutcome.Written, (await RegisterAsync(One)).Outcome);
        Assert.Empty(await EndOnIndexAsync(First));
    }

    [Fact]
    public async Task A_renewal_does_not_make_a_lost_write_again()
    {
        await BeginOnIndexAsync(First);
        await PassAsync(WriteDeadline);
        await RegisteredAsync(One);

        Assert.Equal(IndexRenewal.Lost, await Store.RenewWriteOnIndexAsync(Key, First, WriteDeadline, Budget));
        await RegisteredAsync(One);
        Assert.Equal([One], await EndOnIndexAsync(First));
    }

    [Fact]
    public async Task What_has_expired_does_not_come_back()
    {
        await RegisteredAsync(One, Life / 2);
        await RegisteredAsync(Two);
        await PassAsync(Life / 2);

        Assert.Equal([Two], await BeginOnIndexAsync(First));
    }

    [Fact]
    public async Task A_shorter_life_does_not_shorten_a_longer_one()
    {
        await RegisteredAsync(One);
        await RegisteredAsync(One, Life / 2);
        await PassAsync(Life / 2);

        Assert.Equal([One], await BeginOnIndexAsync(First));
    }

    [Fact]
    public async Task When_it_is_full_only_what_is_registered_already_is_registered_and_what_expires_makes_room()
    {
        for (var i = 0; i < Most; i++)
        {
            await RegisteredAsync(new ResourceKey($"demo:household:{i}"), Life / (i + 1));
        }

        await RegisteredAsync(One);
        Assert.Equal(RegistrationOutcome.Full, (await RegisterAsync(new ResourceKey("demo:household:9"))).Outcome);
        await PassAsync(Life / 2);
        await RegisteredAsync(new ResourceKey("demo:household:9"));
        Assert.Equal(RegistrationOutcome.Full, (await RegisterAsync(new ResourceKey("demo:household:10"))).Outcome);
    }

    [Fact]
    public async Task An_index_lives_as_long_as_its_last_entry_and_as_a_fill_after_its_last_write()
    {
        await RegisteredAsync(One);
        await PassAsync(Life);
        Assert.True(await IsIndexGoneAsync());

        await BeginOnIndexAsync(First);
        await EndOnIndexAsync(First);
        await PassAsync(FillLease.DefaultDuration);
        Assert.False(await IsIndexGoneAsync());
        await PassAsync(DependentIndex.Margin + WriteDeadline);
        Assert.True(await IsIndexGoneAsync());
    }

    [Fact]
    public async Task The_index_stays_when_the_resource_is_deleted()
    {
        await RegisteredAsync(One);
        await FillAsync();
        await DeleteAsync();

        Assert.Equal([One], await BeginOnIndexAsync(First));
    }

    private protected abstract ValueTask<bool> IsIndexGoneAsync();

    private ValueTask<Registration> RegisterAsync(ResourceKey dependent, TimeSpan? life = null) =>
        Store.RegisterAsync(Key, dependent, life ?? Life, Most, Budget);

    private async Task<Registration> RegisteredAsync(ResourceKey dependent, TimeSpan? life = null)
    {
        var registration = await RegisterAsync(dependent, life);
        Assert.Equal(RegistrationOutcome.Registered, registration.Outcome);
        return registration;
    }

    private async Task<ResourceKey[]> BeginOnIndexAsync(IndexToken token) =>
        Sorted(await Store.BeginWriteOnIndexAsync(Key, token, WriteDeadline, Budget));

    private async Task<ResourceKey[]> EndOnIndexAsync(IndexToken token, bool changed = true) =>
        Sorted(await Store.EndWriteOnIndexAsync(Key, token, changed, Budget));

    private static ResourceKey[] Sorted(IndexedWrite write)
    {
        Assert.Equal(StoreOutcome.Done, write.Outcome);
        return [.. write.Dependents.OrderBy(static key => key.Value, StringComparer.Ordinal)];
    }
}
