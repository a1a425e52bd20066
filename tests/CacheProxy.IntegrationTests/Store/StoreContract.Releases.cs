using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>Leases on copies that are given back, and the writer's own.</summary>
public abstract partial class StoreContract
{
    [Theory]
    [InlineData(5, "5")]
    [InlineData(6, "")]
    public async Task A_lease_is_given_back_with_a_number_above_its_own_only(long number, string left)
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync(5);

        await Other.ReleaseAsync(Key, number, Budget);

        Assert.Equal(left, Numbers(await EndAsync("1")));
        Assert.Equal(left.Length == 0, await IsGoneAsync());
    }

    [Fact]
    public async Task Giving_back_what_is_not_held_changes_nothing()
    {
        await OpenReplicasAsync();
        await Other.ReleaseAsync(Key, 9, Budget);
        Assert.True(await IsGoneAsync());

        await FillAsync();
        await Store.HoldAsync(Key, Plain, new HoldRequest(1, Length), Budget);
        await Other.ReleaseAsync(Key, 9, Budget);
        Assert.Equal("1", Numbers(await Other.EndWriteAsync(Key, "1", WriteResult.Changed, Budget)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_writer_gives_its_own_lease_back_and_is_not_told_of_it(bool fenced)
    {
        await OpenReplicasAsync();
        await FillAsync();
        await Store.HoldAsync(Key, Plain, new HoldRequest(5, Length), Budget);
        await HoldAsync(8);

        Assert.Equal("8", Numbers(fenced ? await BeginAsync("1", 6) : await EndAsync("1", number: 6)));
        Assert.Equal("8", Numbers(await Other.EndWriteAsync(Key, "2", WriteResult.Unknown, Budget)) + Numbers(await BeginAsync("3")));
    }

    [Fact]
    public async Task A_writer_with_no_higher_number_keeps_its_own_lease()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await Store.HoldAsync(Key, Plain, new HoldRequest(5, Length), Budget);

        Assert.Equal("", Numbers(await BeginAsync("1", 5)));
        Assert.Equal("5", Numbers(await Other.BeginWriteAsync(Key, "2", WriteDeadline, Budget)));
    }

    [Fact]
    public async Task A_soft_purge_names_the_holders()
    {
        await OpenReplicasAsync();
        await FillAsync();
        await HoldAsync(2);

        Assert.Equal("2", Numbers(await Store.MarkStaleAsync(Key, "1", Budget)));
        Assert.Equal("2", Numbers(await EndAsync("1")));
    }
}
