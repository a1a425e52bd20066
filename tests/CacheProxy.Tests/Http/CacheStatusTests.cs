using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9211.</summary>
public sealed class CacheStatusTests
{
    [Fact]
    public void A_hit_says_how_long_it_stays_fresh()
    {
        Assert.Equal("cacheproxy; hit; ttl=123", new CacheStatus(Hit: true, TtlSeconds: 123).Format());
        Assert.Equal("cacheproxy; hit; ttl=-5", new CacheStatus(Hit: true, TtlSeconds: -5).Format());
        Assert.Equal("cacheproxy; hit; ttl=-5; detail=stale", new CacheStatus(Hit: true, TtlSeconds: -5, Detail: "stale").Format());
    }

    [Fact]
    public void A_forwarded_request_says_why_and_what_became_of_it() =>
        Assert.Equal(
            "cacheproxy; fwd=stale; fwd-status=304; ttl=60; stored; collapsed; detail=word",
            new CacheStatus(false, CacheStatusForward.Stale, 304, true, true, 60, "word").Format());

    [Theory]
    [InlineData(CacheStatusForward.Bypass, "bypass")]
    [InlineData(CacheStatusForward.Method, "method")]
    [InlineData(CacheStatusForward.UriMiss, "uri-miss")]
    [InlineData(CacheStatusForward.VaryMiss, "vary-miss")]
    [InlineData(CacheStatusForward.Miss, "miss")]
    [InlineData(CacheStatusForward.Request, "request")]
    [InlineData(CacheStatusForward.Stale, "stale")]
    public void Reasons_have_the_names_of_section_2_2(object forward, string word) =>
        Assert.Equal($"cacheproxy; fwd={word}", new CacheStatus(Forward: (CacheStatusForward)forward).Format());

    [Fact]
    public void Our_member_comes_after_those_of_caches_nearer_to_the_origin()
    {
        var headers = Headers.Live("Cache-Status: cdn; hit", "Cache-Status: edge; fwd=miss");
        new CacheStatus(Hit: true, TtlSeconds: 1).AppendTo(headers);
        Assert.Equal("cdn; hit,edge; fwd=miss,cacheproxy; hit; ttl=1", headers[CacheStatus.HeaderName].ToString());
        var none = Headers.Live();
        new CacheStatus(Forward: CacheStatusForward.Bypass).AppendTo(none);
        Assert.Equal("cacheproxy; fwd=bypass", none[CacheStatus.HeaderName].ToString());
    }

    [Fact]
    public void With_every_word_of_detail_the_member_is_a_valid_structured_field() =>
        Assert.All(Words.OfDetail(), static word =>
        {
            // A list member with parameters reads like a dictionary member without a value.
            var reader = new StructuredDictionaryReader(new CacheStatus(Forward: CacheStatusForward.Miss, Detail: word).Format());
            Assert.True(reader.MoveNext() && !reader.MoveNext() && !reader.Failed, word);
        });
}
