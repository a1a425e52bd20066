using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §5.2.1.</summary>
public sealed class RequestDirectivesTests
{
    [Fact]
    public void A_request_without_cache_control_asks_nothing() =>
        Assert.Equal(default, RequestDirectives.Parse(default));

    [Theory]
    [InlineData("foo")]
    [InlineData("foo=bar, foo=\"no-store, no-cache\"")]
    [InlineData("")]
    [InlineData(" , ,")]
    [InlineData("max-age=abc, min-fresh=, max-stale=-1")]
    [InlineData("max-age =5")]
    public void What_is_unknown_or_cannot_be_read_asks_nothing(string value) =>
        Assert.Equal(default, RequestDirectives.Parse(value));

    [Fact]
    public void All_directives_are_read()
    {
        var directives = RequestDirectives.Parse(new StringValues(["No-Store, no-cache", "only-if-cached,max-age=\"1\", max-stale=2,min-fresh=3"]));
        Assert.True(directives is { NoStore: true, NoCache: true, OnlyIfCached: true, MaxAge: 1, MaxStale: 2, MinFresh: 3 });
    }

    [Fact]
    public void Max_stale_without_a_number_takes_any_staleness() =>
        Assert.Equal(RequestDirectives.AnyStaleness, RequestDirectives.Parse("max-stale").MaxStale);

    [Fact]
    public void The_first_of_repeated_directives_counts() =>
        Assert.Equal(7, RequestDirectives.Parse("max-age=7, max-age=9").MaxAge);

    [Fact]
    public void A_number_too_large_is_the_greatest() =>
        Assert.Equal(DeltaSeconds.Greatest, RequestDirectives.Parse("max-age=99999999999999999999999999").MaxAge);

    [Fact]
    public void No_text_makes_it_throw() => Prop.ForAll(
        Texts.Near("no-store, max-age=\"5\", max-stale, foo=\"a, b\\\" c\""),
        text => RequestDirectives.Parse(text) is var _).QuickCheckThrowOnFailure();
}
