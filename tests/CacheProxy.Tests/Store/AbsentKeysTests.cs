using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class AbsentKeysTests
{
    private static readonly ResourceKey Key = new("demo:customer:1");
    private static readonly LookUpResult Miss = LookUpResult.Miss("");
    private static readonly LookUpResult Found = Miss with { Outcome = LookUpOutcome.Found };

    private readonly AbsentKeys _absent = new();

    [Fact]
    public void What_nobody_has_asked_for_is_expected_to_be_absent() => Assert.True(Expects(Key));

    [Fact]
    public void What_was_found_or_stored_is_not_until_it_is_missed_or_evicted()
    {
        Learn(Key, Found, mayTakeLease: false);
        Assert.False(Expects(Key));
        Learn(Key, Miss, mayTakeLease: false);
        Assert.True(Expects(Key));

        _absent.Stored(Key);
        Assert.False(Expects(Key));
        _absent.Evicted(Key);
        Assert.True(Expects(Key));
    }

    [Fact]
    public void A_miss_whose_lease_was_refused_says_that_there_is_another_variant()
    {
        Learn(Key, Miss, mayTakeLease: true);

        Assert.False(Expects(Key));
    }

    [Theory]
    [InlineData(LookUpOutcome.Fenced)]
    [InlineData(LookUpOutcome.Unavailable)]
    public void What_is_not_known_teaches_nothing(object outcome)
    {
        Learn(Key, Miss with { Outcome = (LookUpOutcome)outcome }, mayTakeLease: true);

        Assert.True(Expects(Key));
    }

    [Fact]
    public void While_most_of_the_unknown_is_found_nothing_is_expected_to_be_absent()
    {
        Ask(100, Found);
        Assert.False(Expects(Key));

        Ask(100, Miss);
        Assert.True(Expects(Key));
    }

    [Fact]
    public void How_often_the_known_is_found_does_not_count()
    {
        _absent.Stored(new ResourceKey("hot"));
        for (var i = 0; i < 1000; i++)
        {
            Learn(new ResourceKey("hot"), Found, mayTakeLease: false);
        }

        Assert.True(Expects(Key));
    }

    private bool Expects(ResourceKey key) => _absent.AreMissesUsual && !_absent.Knows(key);

    private void Learn(ResourceKey key, LookUpResult result, bool mayTakeLease) =>
        _absent.Learn(new LookUp(key, "", VariantKey.Plain, new(result), _absent.Knows(key), mayTakeLease), result);

    private void Ask(int times, LookUpResult result)
    {
        for (var i = 0; i < times; i++)
        {
            Learn(new ResourceKey($"{result.Outcome}:{i}"), result, mayTakeLease: false);
        }
    }
}
