using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task What_is_marked_stale_is_found_with_its_body_and_may_not_be_used_before_a_fill_has_replaced_it()
    {
        await FillAsync(Response("plain") with { LifetimeMs = 300_000 }, vary: "accept-language");
        await FillAsync(Response("deutsch"), German, "accept-language");

        await MarkStaleAsync();

        foreach (var (variant, body) in ((CacheProxy.Identity.VariantKey, string)[])[(Plain, "plain"), (German, "deutsch")])
        {
            var found = await LookUpAsync(variant);
            Assert.Equal((LookUpOutcome.Found, body), (found.Outcome, Text(found)));
            Assert.True(found.Response!.Freshness.IsPurged);
            Assert.False(found.Response.Freshness.IsFresh(0));
            await FillAsync(Response("new"), variant, "accept-language", seen: found.Stamp);
            var filled = await LookUpAsync(variant);
            Assert.Equal(("new", false), (Text(filled), filled.Response!.Freshness.IsPurged));
        }
    }

    [Fact]
    public async Task Marking_twice_is_as_once_and_a_large_head_is_marked_as_well()
    {
        var large = Response("body") with { Headers = [new("X-Large", new string('x', 2000))] };
        await FillAsync(large);

        await MarkStaleAsync();
        await MarkStaleAsync();

        var found = await LookUpAsync();
        Assert.True(found.Response!.Freshness.IsPurged);
        Assert.Equal(2000, Assert.Single(found.Response.Headers).Value.Length);
    }

    [Fact]
    public async Task Marking_revokes_fills_and_leaves_a_write_its_fence()
    {
        var lease = await BeginFillAsync();
        await MarkStaleAsync();
        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease));

        await FillAsync();
        await BeginWriteAsync("w");
        await MarkStaleAsync();
        Assert.Equal(LookUpOutcome.Fenced, (await LookUpAsync()).Outcome);

        // What a refused write restores is what it was: marked.
        await EndWriteAsync("w", WriteResult.Unchanged);
        Assert.True((await LookUpAsync()).Response!.Freshness.IsPurged);

        await BeginWriteAsync("v");
        await EndWriteAsync("v", WriteResult.Changed);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task Behind_a_write_whose_outcome_nobody_knows_marking_evicts()
    {
        await FillAsync();
        await BeginWriteAsync("w", TimeSpan.FromSeconds(5));
        await PassAsync(TimeSpan.FromSeconds(6));

        await MarkStaleAsync();

        Assert.True(await IsGoneAsync());
    }

    [Fact]
    public async Task Where_nothing_is_stored_marking_leaves_nothing()
    {
        await MarkStaleAsync();

        Assert.True(await IsGoneAsync());
    }

    private async Task MarkStaleAsync() => Assert.Equal(StoreOutcome.Done, (await Store.MarkStaleAsync(Key, "p", Budget)).Outcome);
}
