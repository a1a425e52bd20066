using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Of_nothing_there_is_nothing_to_see()
    {
        var seen = await InspectAsync();

        Assert.True(seen.IsEmpty);
        Assert.False(await Store.LookUpAsync(Key, Plain, Budget) is { Outcome: LookUpOutcome.Found });
    }

    [Fact]
    public async Task An_inspection_shows_each_variant_and_no_body()
    {
        const string Names = "accept-language";
        await FillAsync(variant: German, vary: Names, response: Response("Grüße"));
        await FillAsync(variant: French, vary: Names, response: Response("salut"), retention: TimeSpan.FromSeconds(100));

        var seen = await InspectAsync();

        Assert.Equal(Names, seen.Vary);
        Assert.Equal(
            new[] { (German, 7L), (French, 5L) }.OrderBy(static one => one.Item1.Digest),
            seen.Variants.Select(static one => (one.Variant, one.Response!.BodyLength)).OrderBy(static one => one.Variant.Digest));
        Assert.All(seen.Variants, static one => Assert.Equal((StoredVariantState.Usable, 0), (one.State, one.Response!.Body.Length)));
        Assert.InRange(seen.Find(French)!.Left, TimeSpan.FromSeconds(80), TimeSpan.FromSeconds(100));
        Assert.InRange(seen.Expiry!.Value, TimeSpan.FromSeconds(280), Retention);
    }

    [Fact]
    public async Task An_inspection_shows_leases_and_fences_and_what_a_look_up_would_find_behind_them()
    {
        await FillAsync();
        Assert.Equal(LookUpOutcome.Found, (await InspectAsync()).LookUp(Plain).Outcome);
        await BeginFillAsync(German);
        var filling = await InspectAsync();
        await BeginWriteAsync("w1");

        var writing = await InspectAsync();

        Assert.Equal(German, Assert.Single(filling.Fills).Variant);
        Assert.InRange(filling.Fills[0].Left, TimeSpan.FromSeconds(40), Lease);
        Assert.Empty(writing.Fills);
        Assert.InRange(Assert.Single(writing.Writes), TimeSpan.FromSeconds(10), WriteDeadline);
        Assert.Equal(LookUpOutcome.Fenced, writing.LookUp(Plain).Outcome);
        Assert.Equal(StoredVariantState.Usable, Assert.Single(writing.Variants).State);
    }

    [Fact]
    public async Task An_inspection_changes_nothing()
    {
        await FillAsync();
        await BeginWriteAsync("w1");
        await PassAsync(WriteDeadline + TimeSpan.FromSeconds(1));

        var first = await InspectAsync();
        var second = await InspectAsync();

        Assert.Equal(LookUpOutcome.Miss, first.LookUp(Plain).Outcome);
        Assert.True(second.Fence <= TimeSpan.Zero, "The write of unknown outcome is still there.");
        Assert.Single(second.Variants);
    }

    private async Task<StoredResource> InspectAsync()
    {
        var seen = await Store.InspectAsync(Key, Budget);
        Assert.NotNull(seen);
        return seen;
    }
}
