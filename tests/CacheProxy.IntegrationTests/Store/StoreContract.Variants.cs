using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Variants_are_apart_and_know_the_names_they_vary_on()
    {
        const string Names = "accept-encoding,accept-language";
        await FillAsync(variant: German, vary: Names, response: Response("de"));
        await FillAsync(variant: French, vary: Names, response: Response("fr"));
        await FillAsync(variant: Plain, vary: Names, response: Response("en"));

        Assert.Equal("de", Text(await LookUpAsync(German)));
        Assert.Equal("fr", Text(await LookUpAsync(French)));
        Assert.Equal("en", Text(await LookUpAsync()));
        Assert.Equal(Names, (await LookUpAsync(German)).Vary);
        Assert.Equal(Names, (await LookUpAsync(new VariantKey("00000000000000000000000000000000"))).Vary);
    }

    [Fact]
    public async Task What_was_stored_under_fewer_names_is_dropped_when_another_is_stored_under_more()
    {
        await FillAsync(response: Response("anybody's"));
        await FillAsync(variant: German, vary: "accept-language", response: Response("de"));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);

        await FillAsync(variant: French, vary: "accept-encoding,accept-language", response: Response("fr"));
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(German)).Outcome);
        Assert.Equal("fr", Text(await LookUpAsync(French)));
    }

    [Fact]
    public async Task A_response_may_be_stored_under_another_variant_than_was_looked_up()
    {
        var lease = await BeginFillAsync(Plain);
        await CompleteFillAsync(lease, Response("de"), German, "accept-language");

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.Equal("de", Text(await LookUpAsync(German)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("accept-encoding")]
    [InlineData("accept")]
    [InlineData("accept-languages,x-accept-language")]
    public async Task A_variant_under_fewer_names_than_are_known_by_then_is_refused(string vary)
    {
        var lease = await BeginFillAsync();
        await FillAsync(variant: German, vary: "accept-language", response: Response("de"));

        Assert.Equal(CompleteFillOutcome.Revoked, await CompleteFillAsync(lease, vary: vary));

        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync()).Outcome);
        Assert.Equal("accept-language", (await LookUpAsync()).Vary);
        Assert.Equal("de", Text(await LookUpAsync(German)));
        await FillAsync(vary: "accept,accept-language", response: Response("en"));
        Assert.Equal("en", Text(await LookUpAsync()));
    }

    [Fact]
    public async Task Beyond_the_most_variants_the_one_that_expires_first_goes()
    {
        await FillAsync(variant: German, retention: TimeSpan.FromSeconds(200), maxVariants: 2);
        await FillAsync(variant: French, retention: TimeSpan.FromSeconds(100), maxVariants: 2);
        await FillAsync(variant: Plain, retention: TimeSpan.FromSeconds(50), maxVariants: 2);

        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync(German)).Outcome);
        Assert.Equal(LookUpOutcome.Miss, (await LookUpAsync(French)).Outcome);
    }

    [Fact]
    public async Task An_expired_variant_is_no_hit_though_another_keeps_the_key()
    {
        await FillAsync(variant: German, retention: TimeSpan.FromSeconds(10));
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
        await Store.BeginWriteAsync(other, "w", WriteDeadline, Budget);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);

        await Store.EndWriteAsync(other, "w", WriteResult.Changed, Budget);
        Assert.Equal(LookUpOutcome.Found, (await LookUpAsync()).Outcome);
    }
}
