using System.IO.Compression;
using System.Text;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class BodyFreshnessTests
{
    private static readonly long Now = new DateTimeOffset(2025, 11, 24, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
    private static readonly TtlRule Inactive = Rule("/status", "INACTIVE");

    [Theory]
    [InlineData("""{"status":"INACTIVE"}""", 3600)]
    [InlineData("""{"status":"inactive"}""", 300)]
    [InlineData("""{"status":"ACTIVE"}""", 300)]
    [InlineData("""{"status":null}""", 300)]
    [InlineData("""{"status":["INACTIVE"]}""", 300)]
    [InlineData("""{"status":"INACTIVE","status":"ACTIVE"}""", 300)]
    [InlineData("""{"other":"INACTIVE"}""", 300)]
    [InlineData("""{"status":"INACTIVE"} x""", 300)]
    [InlineData("", 300)]
    public void A_field_that_equals_a_text_decides(string body, int seconds) => Assert.Equal(seconds, Seconds(body, Inactive));

    [Theory]
    [InlineData("True", """{"status":true}""", 3600)]
    [InlineData("true", """{"status":true}""", 3600)]
    [InlineData("True", """{"status":"true"}""", 300)]
    [InlineData("5", """{"status":5}""", 3600)]
    [InlineData("5", """{"status":5.0}""", 300)]
    public void Numbers_and_booleans_are_compared_as_they_are_written(string text, string body, int seconds) =>
        Assert.Equal(seconds, Seconds(body, Rule("/status", text)));

    [Theory]
    [InlineData("2025-10-24T23:59:59Z", 3600)]
    [InlineData("2025-10-25T00:00:00Z", 300)]
    [InlineData("2025-11-24T00:00:00Z", 300)]
    [InlineData("2026-01-01T00:00:00Z", 300)]
    [InlineData("24.11.2020", 300)]
    public void A_date_that_is_longer_ago_decides(string date, int seconds) =>
        Assert.Equal(seconds, Seconds($$"""{"at":"{{date}}"}""", OlderThan("/at", 30)));

    [Theory]
    [InlineData("""[{"at":"2020-01-01"},{"at":"2021-01-01"}]""", 3600)]
    [InlineData("""[{"at":"2020-01-01"},{"at":"2025-11-23"}]""", 300)]
    [InlineData("""[{"at":"2020-01-01"},{"at":null}]""", 300)]
    [InlineData("[]", 300)]
    public void Of_several_dates_all_must_be_longer_ago(string body, int seconds) => Assert.Equal(seconds, Seconds(body, OlderThan("/*/at", 30)));

    [Fact]
    public void Of_several_texts_one_is_enough() =>
        Assert.Equal(3600, Seconds("""[{"s":"a"},{"s":"b"}]""", Rule("/*/s", "b")));

    [Fact]
    public void More_values_than_are_looked_at_decide_nothing() =>
        Assert.Equal(300, Seconds($"[{string.Join(',', Enumerable.Repeat("\"b\"", 1001))}]", Rule("/*", "b")));

    [Theory]
    [InlineData("X-Plan", "archive", 3600)]
    [InlineData("x-plan", "cold", 3600)]
    [InlineData("X-Plan", "hot", 300)]
    [InlineData("X-Other", "archive", 300)]
    public void A_header_decides_whatever_the_body_is(string name, string value, int seconds)
    {
        var rule = new TtlRule { Header = "X-Plan", Values = ["archive", "cold"], Ttl = TimeSpan.FromHours(1) };

        Assert.Equal(seconds, Seconds("no JSON"u8.ToArray(), [new("Content-Type", "text/plain"), new(name, value)], rule));
    }

    [Fact]
    public void The_first_rule_that_matches_counts()
    {
        var second = Rule("/status", "INACTIVE") with { Ttl = TimeSpan.FromMinutes(1) };

        Assert.Equal(3600, Seconds("""{"status":"INACTIVE"}""", OlderThan("/at", 1), Inactive, second));
    }

    [Fact]
    public void A_compressed_body_is_read_within_its_bound()
    {
        var small = Encoding.UTF8.GetBytes("""{"status":"INACTIVE"}""");
        var large = Encoding.UTF8.GetBytes("""{"status":"INACTIVE"}""" + new string(' ', 5000));
        HeaderField[] headers = [new("Content-Type", "application/json"), new("Content-Encoding", "gzip")];

        Assert.Equal(3600, Seconds(Gzip(small), headers, Inactive));
        Assert.Equal(300, Seconds(Gzip(large), headers, Inactive));
        Assert.Equal(300, Seconds(small, [.. headers, new("Content-Encoding", "br")], Inactive));
    }

    [Fact]
    public void It_takes_the_place_of_the_policys_Ttl_alone()
    {
        var result = Result("""{"status":"INACTIVE"}"""u8.ToArray(), [new("Content-Type", "application/json")]) with { HasPolicyTtl = false };

        Assert.Same(result, BodyFreshness.Apply(Policy(Inactive), result));
    }

    [Fact]
    public void What_is_kept_follows_it_with_jitter_taken_off()
    {
        var result = Result("""{"status":"INACTIVE"}"""u8.ToArray(), [new("Content-Type", "application/json")]);
        result = result with { Response = result.Response with { InitialAgeMs = 10_000, StaleIfErrorMs = 60_000 } };

        Assert.Equal(TimeSpan.FromSeconds(3600 - 10 + 60), BodyFreshness.Apply(Policy(Inactive), result).Retention);
        var lifetimes = Enumerable.Range(0, 20)
            .Select(_ => BodyFreshness.Apply(Policy(TimeSpan.FromMinutes(1), Inactive), result).Response.LifetimeMs).ToHashSet();
        Assert.True(lifetimes.Count > 2);
        Assert.All(lifetimes, static lifetime => Assert.InRange(lifetime, 3_540_000, 3_600_000));
    }

    private static int Seconds(string body, params TtlRule[] rules) =>
        Seconds(Encoding.UTF8.GetBytes(body), [new("Content-Type", "application/json")], rules);

    private static int Seconds(byte[] body, HeaderField[] headers, params TtlRule[] rules) =>
        (int)(BodyFreshness.Apply(Policy(rules), Result(body, headers)).Response.LifetimeMs / 1000);

    private static FillResult Result(byte[] body, HeaderField[] headers) => new(
        VariantKey.Plain,
        "",
        new StoredResponse
        {
            Status = 200,
            Headers = headers,
            Body = body,
            ResponseTimeMs = Now,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "",
        },
        TimeSpan.FromMinutes(5),
        MaxVariants: 1)
    {
        HasPolicyTtl = true,
    };

    private static CachePolicy Policy(params TtlRule[] rules) => Policy(TimeSpan.Zero, rules);

    private static CachePolicy Policy(TimeSpan jitter, params TtlRule[] rules) =>
        KeyTemplate.TryParse("{tenant}:customer:{id}", out var template, out _)
            ? new CachePolicy(
                new CachePolicyOptions
                {
                    Name = "customer",
                    Key = "",
                    Ttl = TimeSpan.FromMinutes(5),
                    TtlJitter = jitter,
                    TtlRules = [.. rules],
                    MaxBodyBytes = 4096,
                },
                template!)
            : throw new InvalidOperationException();

    private static TtlRule Rule(string pointer, string text) => new() { Pointer = Pointer(pointer), Values = [text], Ttl = TimeSpan.FromHours(1) };

    private static TtlRule OlderThan(string pointer, int days) =>
        new() { Pointer = Pointer(pointer), OlderThan = TimeSpan.FromDays(days), Ttl = TimeSpan.FromHours(1) };

    private static JsonPointer Pointer(string text) => JsonPointer.TryParse(text, out var pointer) ? pointer : throw new InvalidOperationException();

    private static byte[] Gzip(byte[] body)
    {
        using var coded = new MemoryStream();
        using (var coder = new GZipStream(coded, CompressionLevel.Fastest))
        {
            coder.Write(body);
        }

        return coded.ToArray();
    }
}
