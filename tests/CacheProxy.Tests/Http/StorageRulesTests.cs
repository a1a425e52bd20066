using CacheProxy.Http;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>RFC 9111 §3.</summary>
public sealed class StorageRulesTests
{
    private static readonly StoragePolicy FiveMinutes = new(Ttl: TimeSpan.FromMinutes(5));
    private static readonly StoragePolicy CatchAll = new(AnyStatus: true, Heuristic: true);

    [Theory]
    [InlineData("X: 1", StorageDecision.Storable)]
    [InlineData("Cache-Control: no-store", StorageDecision.NoStore)]
    [InlineData("Cache-Control: max-age=10000, No-StOrE|Expires: Thu, 18 Aug 2050 02:01:18 GMT", StorageDecision.NoStore)]
    [InlineData("Cache-Control: private, max-age=60", StorageDecision.Private)]
    [InlineData("Cache-Control: private=\"x\", max-age=60", StorageDecision.Storable)]
    [InlineData("Cache-Control: public|Set-Cookie: a=b", StorageDecision.SetCookie)]
    [InlineData("Vary: *", StorageDecision.VaryAny)]
    [InlineData("Vary: Accept|Vary: , *", StorageDecision.VaryAny)]
    [InlineData("Vary: Accept, Foo", StorageDecision.Storable)]
    [InlineData("Pragma: no-cache|Warning: 110 - stale", StorageDecision.Storable)]
    [InlineData("Cache-Control: max-age=0", StorageDecision.NotReusable)]
    [InlineData("Expires: 0", StorageDecision.NotReusable)]
    [InlineData("Cache-Control: no-cache", StorageDecision.NotReusable)]
    [InlineData("Cache-Control: no-cache, max-age=60, stale-if-error=60", StorageDecision.NotReusable)]
    [InlineData("Cache-Control: no-cache|ETag: \"a\"", StorageDecision.Storable)]
    [InlineData("Cache-Control: max-age=0|Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", StorageDecision.Storable)]
    [InlineData("Cache-Control: max-age=0, stale-if-error=60", StorageDecision.Storable)]
    [InlineData("Cache-Control: max-age=10|Age: 20", StorageDecision.Storable)]
    // RFC 9213: the targeted field alone counts.
    [InlineData("Cache-Control: no-store|CDN-Cache-Control: max-age=60", StorageDecision.Storable)]
    [InlineData("Cache-Control: max-age=60|CDN-Cache-Control: no-store", StorageDecision.NoStore)]
    [InlineData("Cache-Control: max-age=60|CDN-Cache-Control: private", StorageDecision.Private)]
    // §5.2.2.3
    [InlineData("Cache-Control: max-age=60, no-store, must-understand", StorageDecision.Storable)]
    public void A_200_to_GET_under_a_policy_with_a_TTL(string lines, object expected) =>
        Assert.Equal(expected, Decide(lines, FiveMinutes));

    [Theory]
    [InlineData("GET", StorageDecision.Storable)]
    [InlineData("get", StorageDecision.MethodNotCacheable)]
    [InlineData("HEAD", StorageDecision.MethodNotCacheable)]
    [InlineData("POST", StorageDecision.MethodNotCacheable)]
    public void Only_GET_is_stored(string method, object expected) =>
        Assert.Equal(expected, Decide("Cache-Control: max-age=60", FiveMinutes, method: method));

    [Fact]
    public void A_request_with_no_store_keeps_its_response_out() =>
        // §5.2.1.5
        Assert.Equal(StorageDecision.RequestNoStore, Decide("Cache-Control: max-age=60", FiveMinutes, request: "no-store"));

    [Theory]
    [InlineData("Content-Type: text/event-stream", StorageDecision.EventStream)]
    [InlineData("Content-Type: Text/Event-Stream ; charset=utf-8", StorageDecision.EventStream)]
    [InlineData("Content-Type: text/event-streams", StorageDecision.Storable)]
    [InlineData("X-Odd: a\u0001b", StorageDecision.MalformedField)]
    [InlineData("X-Odd: a\u007f", StorageDecision.MalformedField)]
    [InlineData("X Odd: 1", StorageDecision.MalformedField)]
    [InlineData("X-Odd: a\tb\u00e9", StorageDecision.Storable)]
    public void What_has_no_end_or_could_not_be_sent_is_not_stored(string line, object expected) =>
        Assert.Equal(expected, Decide(line, FiveMinutes));

    [Theory]
    [InlineData("Cache-Control: max-age=60", StorageDecision.AuthorizationNotAllowed)]
    [InlineData("X: 1", StorageDecision.AuthorizationNotAllowed)]
    [InlineData("Cache-Control: max-age=60, proxy-revalidate", StorageDecision.AuthorizationNotAllowed)]
    [InlineData("Cache-Control: max-age=60, public", StorageDecision.Storable)]
    [InlineData("Cache-Control: max-age=60, must-revalidate", StorageDecision.Storable)]
    [InlineData("Cache-Control: s-maxage=60", StorageDecision.Storable)]
    [InlineData("Cache-Control: public, max-age=60|CDN-Cache-Control: max-age=60", StorageDecision.AuthorizationNotAllowed)]
    public void With_authorization_the_response_must_allow_sharing(string lines, object expected) =>
        // §3.5
        Assert.Equal(expected, Decide(lines, FiveMinutes, needsSharingConsent: true));

    [Theory]
    [InlineData(100)]
    [InlineData(103)]
    [InlineData(201)]
    [InlineData(203)]
    [InlineData(301)]
    [InlineData(304)]
    [InlineData(404)]
    [InlineData(500)]
    public void Other_status_codes_are_not_stored_unless_a_policy_names_them(int status) =>
        Assert.Equal(StorageDecision.StatusNotCacheable, Decide("Cache-Control: max-age=60", FiveMinutes, status));

    [Theory]
    [InlineData(203, "X: 1", StorageDecision.Storable)]
    [InlineData(404, "X: 1", StorageDecision.Storable)]
    [InlineData(404, "Cache-Control: no-store", StorageDecision.NoStore)]
    [InlineData(410, "X: 1", StorageDecision.StatusNotCacheable)]
    [InlineData(206, "X: 1", StorageDecision.PartialContent)]
    [InlineData(304, "X: 1", StorageDecision.StatusNotCacheable)]
    public void A_policy_may_name_more_but_never_206_and_304(int status, string lines, object expected)
    {
        var policy = FiveMinutes with { NegativeTtl = TimeSpan.FromSeconds(10), Statuses = [203, 206, 304, 404] };
        Assert.Equal(expected, Decide(lines, policy, status));
    }

    [Fact]
    public void A_named_error_without_a_negative_TTL_needs_the_origins_word()
    {
        var policy = FiveMinutes with { Statuses = [404] };
        Assert.Equal(StorageDecision.NoFreshness, Decide("X: 1", policy, 404));
        Assert.Equal(StorageDecision.Storable, Decide("Cache-Control: max-age=60", policy, 404));
    }

    [Theory]
    [InlineData(200)]
    [InlineData(204)]
    [InlineData(299)]
    [InlineData(302)]
    [InlineData(308)]
    [InlineData(400)]
    [InlineData(499)]
    [InlineData(504)]
    [InlineData(599)]
    [InlineData(999)]
    public void The_catch_all_stores_every_final_status_that_is_explicitly_fresh(int status)
    {
        Assert.Equal(StorageDecision.Storable, Decide("Cache-Control: max-age=60", CatchAll, status));
        Assert.Equal(StorageDecision.Storable, Decide("Expires: Thu, 18 Aug 2050 02:01:18 GMT", CatchAll, status));
        Assert.NotEqual(StorageDecision.Storable, Decide("X: 1", CatchAll, status));
    }

    [Theory]
    [InlineData(101)]
    [InlineData(199)]
    [InlineData(206)]
    [InlineData(304)]
    public void The_catch_all_stores_no_interim_partial_or_not_modified_one(int status) =>
        Assert.NotEqual(StorageDecision.Storable, Decide("Cache-Control: max-age=60", CatchAll, status));

    [Theory]
    [InlineData(200, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT", StorageDecision.Storable)]
    [InlineData(404, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT", StorageDecision.Storable)]
    [InlineData(403, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT", StorageDecision.StatusNotCacheable)]
    [InlineData(599, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT", StorageDecision.StatusNotCacheable)]
    [InlineData(599, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT|Cache-Control: public", StorageDecision.Storable)]
    [InlineData(200, "X: 1", StorageDecision.NoFreshness)]
    [InlineData(200, "ETag: \"a\"", StorageDecision.Storable)]
    public void The_catch_all_guesses_where_the_RFC_lets_it(int status, string lines, object expected) =>
        // §4.2.2
        Assert.Equal(expected, Decide(lines, CatchAll, status));

    [Theory]
    [InlineData(599, "max-age=60, must-understand", StorageDecision.StatusNotUnderstood)]
    [InlineData(599, "max-age=60, no-store, must-understand", StorageDecision.StatusNotUnderstood)]
    [InlineData(404, "max-age=60, no-store, must-understand", StorageDecision.Storable)]
    public void Must_understand_keeps_out_what_nobody_understands(int status, string value, object expected) =>
        // §5.2.2.3
        Assert.Equal(expected, Decide($"Cache-Control: {value}", CatchAll, status));

    [Fact]
    public void Every_reason_has_its_own_word_that_needs_no_quotes()
    {
        var words = Enum.GetValues<StorageDecision>().Where(decision => decision != StorageDecision.Storable).Select(StorageRules.ToToken).ToArray();
        Assert.Equal(words.Length, words.Distinct().Count());
        Assert.All(words, word => Assert.Matches("^[a-z][a-z0-9-]+$", word));
    }

    private static StorageDecision Decide(
        string lines, in StoragePolicy policy, int status = 200, string method = "GET", string request = "", bool needsSharingConsent = false)
    {
        var headers = Headers.Response([.. lines.Split('|'), $"Date: {Headers.Date}"]);
        var directives = ResponseDirectives.Of(headers);
        var freshness = Freshness.Of(headers, directives, status, Headers.DateMs, Headers.DateMs, policy);
        return StorageRules.Decide(
            method, RequestDirectives.Parse(request), needsSharingConsent, status, headers, directives, freshness, policy);
    }
}
