using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>A tag is a resource that has a generation in place of an entry.</summary>
public abstract partial class StoreContract
{
    [Fact]
    public async Task A_tag_has_no_generation_before_it_is_opened()
    {
        Assert.Equal(TagState.Absent, await LookUpTagAsync());
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task An_opened_tag_keeps_its_generation_and_gets_older()
    {
        var drawn = await OpenTagAsync();
        await PassAsync(TimeSpan.FromSeconds(40));
        var again = await OpenTagAsync();

        Assert.Equal(TagOutcome.InForce, drawn.Outcome);
        Assert.Equal(StoredResponseFormat.TokenLength, drawn.Generation.Length);
        Assert.InRange(drawn.Age, TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Equal(drawn.Generation, again.Generation);
        Assert.InRange(again.Age, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(80));
        Assert.Equal((TagOutcome.InForce, drawn.Generation), Told(await LookUpTagAsync()));
    }

    [Fact]
    public async Task A_tag_is_gone_when_nothing_can_belong_to_it()
    {
        await OpenTagAsync(Retention);
        await OpenTagAsync(TimeSpan.FromSeconds(1));
        await PassAsync(Retention - TimeSpan.FromSeconds(20));
        Assert.Equal(TagOutcome.InForce, (await LookUpTagAsync()).Outcome);

        await PassAsync(TimeSpan.FromSeconds(21));

        Assert.Equal(TagState.Absent, await LookUpTagAsync());
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task Opening_a_tag_keeps_it_for_longer()
    {
        var drawn = await OpenTagAsync(TimeSpan.FromSeconds(30));
        await OpenTagAsync(Retention);
        await PassAsync(TimeSpan.FromSeconds(60));

        Assert.Equal((TagOutcome.InForce, drawn.Generation), Told(await LookUpTagAsync()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_on_a_tag_leaves_it_another_generation(bool fenced)
    {
        var drawn = await OpenTagAsync();
        if (fenced)
        {
            await BeginWriteAsync("1");
            Assert.Equal(TagState.Fenced, await LookUpTagAsync());
            Assert.Equal(TagState.Fenced, await OpenTagAsync());
        }

        await EndWriteAsync("1", WriteResult.Changed);

        Assert.Equal(TagState.Absent, await LookUpTagAsync());
        Assert.True(await IsGoneAsync());
        Assert.NotEqual(drawn.Generation, (await OpenTagAsync()).Generation);
    }

    [Fact]
    public async Task A_refused_write_on_a_tag_leaves_it_its_generation_and_its_time()
    {
        var drawn = await OpenTagAsync(Retention);
        await BeginWriteAsync("1", TimeSpan.FromHours(1));
        await EndWriteAsync("1", WriteResult.Unchanged);

        Assert.Equal((TagOutcome.InForce, drawn.Generation), Told(await LookUpTagAsync()));
        await PassAsync(Retention + TimeSpan.FromSeconds(1));
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task Of_two_writes_on_a_tag_the_other_ones_fence_stays()
    {
        await OpenTagAsync();
        await BeginWriteAsync("1");
        await BeginWriteAsync("2");
        await EndWriteAsync("1", WriteResult.Changed);

        Assert.Equal(TagState.Fenced, await OpenTagAsync());

        await EndWriteAsync("2", WriteResult.Unchanged);
        Assert.Equal(TagState.Absent, await LookUpTagAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_write_on_a_tag_that_nobody_ends_evicts_at_its_deadline(bool unknown)
    {
        var drawn = await OpenTagAsync(Retention);
        await BeginWriteAsync("1");
        if (unknown)
        {
            await EndWriteAsync("1", WriteResult.Unknown);
            Assert.Equal(TagState.Fenced, await LookUpTagAsync());
        }

        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(1));

        Assert.Equal(TagState.Absent, await LookUpTagAsync());
        var other = await OpenTagAsync();
        Assert.Equal(TagOutcome.InForce, other.Outcome);
        Assert.NotEqual(drawn.Generation, other.Generation);
        Assert.InRange(other.Age, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Deleting_a_tag_by_hand_evicts_it()
    {
        var drawn = await OpenTagAsync();
        await DeleteAsync();

        Assert.Equal(TagState.Absent, await LookUpTagAsync());
        Assert.NotEqual(drawn.Generation, (await OpenTagAsync()).Generation);
    }

    private static (TagOutcome Outcome, string Generation) Told(TagState state) => (state.Outcome, state.Generation);

    private ValueTask<TagState> LookUpTagAsync() => Store.LookUpTagAsync(Key, Budget);

    private ValueTask<TagState> OpenTagAsync(TimeSpan? keep = null) => Store.OpenTagAsync(Key, keep ?? Retention, Budget);
}
