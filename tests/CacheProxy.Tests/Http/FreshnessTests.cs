using CacheProxy.Http;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Http;

/// <summary>How long a response is fresh and how old it is: RFC 9111 §4.2.</summary>
public sealed class FreshnessTests
{
    private static readonly StoragePolicy FiveMinutes = new(Ttl: TimeSpan.FromMinutes(5));
    private static readonly StoragePolicy Guessing = new(Heuristic: true, AnyStatus: true);

    [Theory]
    // §5.2.2.1, §5.2.2.10, §5.3: s-maxage over max-age over Expires, each over the policy.
    [InlineData("Cache-Control: max-age=3600, s-maxage=1|Expires: Sun, 06 Nov 1994 09:49:37 GMT", 1)]
    [InlineData("Cache-Control: max-age=0, s-maxage=3600|Expires: Sun, 06 Nov 1994 08:49:27 GMT", 3600)]
    [InlineData("Cache-Control: max-age=3600|Expires: Sun, 06 Nov 1994 06:49:37 GMT", 3600)]
    [InlineData("Cache-Control: max-age=3600|Expires: 0", 3600)]
    [InlineData("Cache-Control: max-age=0|Expires: Sun, 06 Nov 1994 09:49:37 GMT", 0)]
    [InlineData("Expires: Sun, 06 Nov 1994 09:49:37 GMT", 3600)]
    [InlineData("Expires: Sun, 06 Nov 1994 08:49:27 GMT", 0)]
    // §5.3: what is no date is in the past.
    [InlineData("Expires: 0", 0)]
    [InlineData("Expires:", 0)]
    [InlineData("Expires: Thu, 18 Aug 2050 02:01:18 UTC", 0)]
    // §4.2.1: of several the first.
    [InlineData("Expires: 0|Expires: Sun, 06 Nov 1994 09:49:37 GMT", 0)]
    [InlineData("Cache-Control: max-age=nonsense", 0)]
    // RFC 9213 §2.2: Cache-Control and Expires are as if absent.
    [InlineData("CDN-Cache-Control: max-age=7|Cache-Control: s-maxage=1|Expires: 0", 7)]
    [InlineData("CDN-Cache-Control: max-age=0|Expires: Sun, 06 Nov 1994 09:49:37 GMT", 0)]
    public void The_origins_word_wins_over_the_policy(string lines, long seconds)
    {
        var freshness = Of(lines, FiveMinutes);
        Assert.Equal((seconds * 1000, FreshnessSource.Origin), (freshness.LifetimeMs, freshness.Source));
    }

    [Theory]
    [InlineData("Cache-Control: public, must-revalidate")]
    [InlineData("Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT")]
    [InlineData("CDN-Cache-Control: public|Expires: 0")]
    public void The_policy_gives_a_lifetime_where_the_origin_gives_none(string lines)
    {
        var freshness = Of(lines, FiveMinutes);
        Assert.Equal((300_000L, FreshnessSource.Policy), (freshness.LifetimeMs, freshness.Source));
    }

    [Theory]
    [InlineData(200, 300_000)]
    [InlineData(301, 300_000)]
    [InlineData(404, 10_000)]
    [InlineData(410, 10_000)]
    [InlineData(203, 0)]
    [InlineData(500, 0)]
    public void Errors_that_a_policy_names_have_its_negative_lifetime(int status, long lifetimeMs)
    {
        var policy = new StoragePolicy(TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(10), [301, 404, 410]);
        Assert.Equal(lifetimeMs, Of("X: 1", policy, status).LifetimeMs);
    }

    [Theory]
    [InlineData(200, "Last-Modified: Sun, 06 Nov 1994 08:48:37 GMT", 6)]
    [InlineData(404, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT", 8640)]
    [InlineData(200, "Last-Modified: Sun, 06 Nov 1904 08:49:37 GMT", 24 * 3600)]
    [InlineData(599, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT|Cache-Control: public", 8640)]
    public void A_tenth_of_the_time_since_the_last_change_is_guessed_up_to_a_day(int status, string lines, long seconds)
    {
        // §4.2.2
        var freshness = Of(lines, Guessing, status);
        Assert.Equal((seconds * 1000, FreshnessSource.Heuristic), (freshness.LifetimeMs, freshness.Source));
    }

    [Theory]
    [InlineData(201, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT")]
    [InlineData(403, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT")]
    [InlineData(503, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT")]
    [InlineData(599, "Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT")]
    [InlineData(200, "Last-Modified: Mon, 07 Nov 1994 08:49:37 GMT")]
    [InlineData(200, "Last-Modified: yesterday")]
    [InlineData(200, "ETag: \"a\"")]
    public void Nothing_is_guessed_for_other_status_codes_or_without_a_past_change(int status, string lines) =>
        Assert.Equal((0L, FreshnessSource.None), (Of(lines, Guessing, status).LifetimeMs, Of(lines, Guessing, status).Source));

    [Fact]
    public void Nothing_is_guessed_unless_the_policy_wants_it() =>
        Assert.Equal(FreshnessSource.None, Of("Last-Modified: Sat, 05 Nov 1994 08:49:37 GMT", default).Source);

    [Theory]
    // §4.2.3: the larger of Age and what Date says; §5.1: the first member of Age, ignored when it is no number.
    [InlineData("Age: 7200", 7200)]
    [InlineData("Age: 2147483647", 2_147_483_647)]
    [InlineData("Age: 99999999999", 2_147_483_648)]
    [InlineData("Age: 7200, 0", 7200)]
    [InlineData("Age: 0, 7200", 0)]
    [InlineData("Age: 7200|Age: 0", 7200)]
    [InlineData("Age: 0|Age: 7200", 0)]
    [InlineData("Age: abc", 0)]
    [InlineData("Age: -7200", 0)]
    [InlineData("Age: 7200.0", 0)]
    [InlineData("Age:", 0)]
    [InlineData("X: 1", 0)]
    public void Age_on_arrival_is_read_from_age(string lines, long seconds) =>
        Assert.Equal(seconds * 1000, Of(lines, default).InitialAgeMs);

    [Theory]
    [InlineData("Date: Sun, 06 Nov 1994 06:49:37 GMT", 7200)]
    [InlineData("Date: Sun, 06 Nov 1994 06:49:37 GMT|Age: 9000", 9000)]
    [InlineData("Date: Sun, 06 Nov 1994 09:49:37 GMT|Age: 30", 30)]
    [InlineData("Date: not a date|Age: 30", 30)]
    public void An_old_date_makes_a_response_old(string lines, long seconds)
    {
        var headers = Headers.Response(lines.Split('|'));
        var freshness = Freshness.Of(headers, ResponseDirectives.Of(headers), 200, Headers.DateMs, Headers.DateMs, default);
        Assert.Equal(seconds * 1000, freshness.InitialAgeMs);
    }

    [Fact]
    public void The_time_the_origin_took_counts_as_age()
    {
        var headers = Headers.Response($"Date: {Headers.Date}", "Age: 10");
        var freshness = Freshness.Of(headers, default, 200, Headers.DateMs - 2500, Headers.DateMs, default);
        Assert.Equal(12_500, freshness.InitialAgeMs);
    }

    [Fact]
    public void A_response_dated_within_the_second_of_its_arrival_is_new()
    {
        var headers = Headers.Response($"Date: {Headers.Date}");
        Assert.Equal(0, Freshness.Of(headers, default, 200, Headers.DateMs + 999, Headers.DateMs + 999, default).InitialAgeMs);
    }

    [Fact]
    public void Age_grows_with_the_clock_and_never_shrinks()
    {
        var freshness = Of("Age: 30", default);
        Assert.Equal(32_500, freshness.AgeMs(Headers.DateMs, Headers.DateMs + 2500));
        Assert.Equal(30_000, freshness.AgeMs(Headers.DateMs, Headers.DateMs - 2500));
    }

    [Theory]
    [InlineData(10_000, 0, 10)]
    [InlineData(10_000, 1, 9)]
    [InlineData(10_000, 10_000, 0)]
    [InlineData(10_000, 10_001, -1)]
    public void The_time_to_live_left_is_whole_seconds_and_negative_once_stale(long lifetimeMs, long ageMs, long ttl) =>
        Assert.Equal(ttl, (default(Freshness) with { LifetimeMs = lifetimeMs }).TtlSeconds(ageMs));

    [Theory]
    // RFC 5861 §3 and §4; §5.2.2.2, §5.2.2.8, §5.2.2.4 forbid; §5.2.2.10 only where the origin did not ask for it by name.
    [InlineData("max-age=1", 7, 8)]
    [InlineData("max-age=1, stale-while-revalidate=30, stale-if-error=60", 30, 60)]
    [InlineData("max-age=1, stale-while-revalidate=0, stale-if-error=0", 0, 0)]
    [InlineData("s-maxage=1", 0, 0)]
    [InlineData("s-maxage=1, stale-while-revalidate=30", 30, 0)]
    [InlineData("s-maxage=1, stale-if-error=60", 0, 60)]
    [InlineData("max-age=1, must-revalidate, stale-while-revalidate=30, stale-if-error=60", 0, 0)]
    [InlineData("max-age=1, proxy-revalidate, stale-while-revalidate=30, stale-if-error=60", 0, 0)]
    [InlineData("max-age=1, no-cache, stale-while-revalidate=30, stale-if-error=60", 0, 0)]
    public void Stale_windows_are_the_origins_or_the_policys_unless_forbidden(string value, long revalidateSeconds, long errorSeconds)
    {
        var policy = new StoragePolicy(StaleWhileRevalidate: TimeSpan.FromSeconds(7), StaleIfError: TimeSpan.FromSeconds(8));
        var freshness = Of($"Cache-Control: {value}", policy);
        Assert.Equal((revalidateSeconds * 1000, errorSeconds * 1000), (freshness.StaleWhileRevalidateMs, freshness.StaleIfErrorMs));
    }

    [Fact]
    public void A_confirmed_response_has_the_age_of_the_confirmation()
    {
        // §4.3.4: the stored Date is an hour old, the 304 came without one and through another cache.
        var merged = new ResponseHeaders(Headers.Stored("Date: Sun, 06 Nov 1994 07:49:37 GMT", "Cache-Control: max-age=60"));
        var freshness = Freshness.OfUpdated(
            merged, Headers.Response("Age: 5"), ResponseDirectives.Of(merged), 200, Headers.DateMs, Headers.DateMs, default);
        Assert.Equal((60_000L, 5_000L), (freshness.LifetimeMs, freshness.InitialAgeMs));
    }

    [Fact]
    public void No_header_makes_it_throw_or_negative() => Prop.ForAll(
        Texts.Near(Headers.Date),
        text =>
        {
            var freshness = Of($"Date: {text}|Expires: {text}|Age: {text}|Last-Modified: {text}|Cache-Control: {text}", Guessing);
            return freshness is { LifetimeMs: >= 0, InitialAgeMs: >= 0 };
        }).QuickCheckThrowOnFailure();

    private static Freshness Of(string lines, in StoragePolicy policy, int status = 200)
    {
        var headers = Headers.Response([.. lines.Split('|'), $"Date: {Headers.Date}"]);
        return Freshness.Of(headers, ResponseDirectives.Of(headers), status, Headers.DateMs, Headers.DateMs, policy);
    }
}
