using System.Text;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>What a person, or another program, finds in Redis: the documented hash and nothing else.</summary>
public sealed class RedisHashTests(RedisServerFixture redis) : IClassFixture<RedisServerFixture>, IAsyncLifetime
{
    private const string Json = "{\"name\":\"Zoë\"}";
    private static readonly VariantKey German = new("0123456789abcdef0123456789abcdef");

    private readonly ResourceKey _key = new("demo:customer:" + Guid.NewGuid().ToString("N"));
    private RedisStore _store = null!;
    private string _token = "";

    private RedisServer Server => redis.Server;

    private static StoreTimeoutBudget Budget => new(TimeSpan.FromSeconds(20));

    public async ValueTask InitializeAsync()
    {
        _store = await RedisStores.OpenAsync(Server);
        _token = _store.NewFillToken(_key);
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task The_plain_variant_is_meta_and_body_and_the_body_is_the_APIs_bytes()
    {
        await FillAsync(VariantKey.Plain);

        Assert.Equal(["body", "meta"], await Server.FieldsAsync(_key.Value));
        Assert.Equal(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(Json)), await Server.TextAsync("HGET", _key.Value, "body"));
        Assert.Matches("^[0-9]{13}" + _token + "\u0003", await Server.TextAsync("HGET", _key.Value, "meta"));
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 290, 300);
    }

    [Fact]
    public async Task A_variant_is_meta_V_and_body_V_beside_the_names_it_varies_on()
    {
        await FillAsync(German, "accept-language");

        Assert.Equal(["body:" + German.Digest, "meta:" + German.Digest, "vary"], await Server.FieldsAsync(_key.Value));
        Assert.Equal("accept-language", await Server.TextAsync("HGET", _key.Value, "vary"));
    }

    [Fact]
    public async Task A_fill_under_way_is_a_field_with_its_deadline()
    {
        await BeginFillAsync(VariantKey.Plain, TimeSpan.FromSeconds(60));

        Assert.Equal(["fill:" + _token], await Server.FieldsAsync(_key.Value));
        Assert.InRange(await DeadlineInAsync("fill:" + _token), 50_000, 60_000);
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 50, 60);
    }

    [Fact]
    public async Task A_fill_of_a_variant_names_it()
    {
        await BeginFillAsync(German, TimeSpan.FromSeconds(60));

        Assert.Equal(["fill:" + German.Digest + "." + _token], await Server.FieldsAsync(_key.Value));
    }

    [Fact]
    public async Task A_write_under_way_keeps_the_entry_and_fences_it()
    {
        await FillAsync(VariantKey.Plain);
        await _store.BeginWriteAsync(_key, "w1", TimeSpan.FromSeconds(10), Budget);
        await _store.BeginWriteAsync(_key, "w2", TimeSpan.FromSeconds(30), Budget);

        Assert.Equal(["body", "fence", "meta", "write:w1", "write:w2"], await Server.FieldsAsync(_key.Value));
        Assert.Equal(await Server.TextAsync("HGET", _key.Value, "write:w2"), await Server.TextAsync("HGET", _key.Value, "fence"));
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 290, 300);

        await _store.EndWriteAsync(_key, "w2", WriteResult.Changed, Budget);
        Assert.Equal(["fence", "write:w1"], await Server.FieldsAsync(_key.Value));
        Assert.Equal(await Server.TextAsync("HGET", _key.Value, "write:w1"), await Server.TextAsync("HGET", _key.Value, "fence"));
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 0, 10);

        await _store.EndWriteAsync(_key, "w1", WriteResult.Unchanged, Budget);
        Assert.Equal(0, await Server.NumberAsync("EXISTS", _key.Value));
    }

    [Fact]
    public async Task A_refused_write_restores_the_time_to_live()
    {
        await FillAsync(VariantKey.Plain);
        await _store.BeginWriteAsync(_key, "w", TimeSpan.FromHours(1), Budget);
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 3500, 3600);

        await _store.EndWriteAsync(_key, "w", WriteResult.Unchanged, Budget);
        Assert.Equal(["body", "meta"], await Server.FieldsAsync(_key.Value));
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 290, 300);
    }

    [Fact]
    public async Task A_finished_fill_does_not_lengthen_the_time_to_live()
    {
        await BeginFillAsync(VariantKey.Plain, TimeSpan.FromHours(1));
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 3500, 3600);

        await CompleteFillAsync(VariantKey.Plain);
        Assert.InRange(await Server.NumberAsync("TTL", _key.Value), 290, 300);
    }

    [Theory]
    [InlineData("meta", "garbage")]
    [InlineData("meta", "")]
    [InlineData("body", "shorter")]
    [InlineData("body", null)]
    public async Task What_was_tampered_with_is_a_miss_and_can_be_filled_again(string field, string? value)
    {
        await FillAsync(VariantKey.Plain);
        await Server.SendAsync(value is null ? ["HDEL", _key.Value, field] : ["HSET", _key.Value, field, value]);

        var found = await _store.LookUpAsync(_key, VariantKey.Plain, Budget);
        Assert.Equal(LookUpOutcome.Miss, found.Outcome);

        await FillAsync(VariantKey.Plain, seen: found.Stamp);
        Assert.Equal(LookUpOutcome.Found, (await _store.LookUpAsync(_key, VariantKey.Plain, Budget)).Outcome);
    }

    [Theory]
    [InlineData("fence", "nonsense")]
    [InlineData("fence", "inf")]
    [InlineData("write:x", "")]
    [InlineData("write:x", "-5")]
    public async Task A_deadline_that_nobody_can_read_has_passed(string field, string value)
    {
        await FillAsync(VariantKey.Plain);
        await Server.SendAsync("HSET", _key.Value, field, value);
        await BeginFillAsync(VariantKey.Plain, TimeSpan.FromSeconds(60));

        Assert.Equal(["fill:" + _token], await Server.FieldsAsync(_key.Value));
    }

    [Fact]
    public async Task A_look_up_is_one_command_and_a_known_script_one_more()
    {
        await FillAsync(VariantKey.Plain);
        await Server.SendAsync("CONFIG", "RESETSTAT");
        await _store.LookUpAsync(_key, VariantKey.Plain, Budget);
        Assert.Contains("cmdstat_hmget:calls=1,", await Server.TextAsync("INFO", "commandstats"), StringComparison.Ordinal);

        await _store.BeginWriteAsync(_key, "w", TimeSpan.FromSeconds(10), Budget);
        await _store.EndWriteAsync(_key, "w", WriteResult.Changed, Budget);
        await Server.SendAsync("CONFIG", "RESETSTAT");
        await _store.BeginWriteAsync(_key, "w", TimeSpan.FromSeconds(10), Budget);
        await _store.EndWriteAsync(_key, "w", WriteResult.Changed, Budget);
        var statistics = await Server.TextAsync("INFO", "commandstats");
        Assert.Contains("cmdstat_evalsha:calls=2,", statistics, StringComparison.Ordinal);
        Assert.DoesNotContain("cmdstat_eval:", statistics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Long_headers_stand_in_a_field_that_no_script_reads()
    {
        await FillAsync(VariantKey.Plain, header: new string('x', 64 * 1024));
        await FillAsync(German, header: new string('y', 64 * 1024));

        Assert.Equal(
            ["body", "body:" + German.Digest, "head", "head:" + German.Digest, "meta", "meta:" + German.Digest], await Server.FieldsAsync(_key.Value));
        Assert.Equal(StoredResponseFormat.StampLength + 1, await Server.NumberAsync("HSTRLEN", _key.Value, "meta"));
        foreach (var (variant, letter) in new[] { (VariantKey.Plain, 'x'), (German, 'y') })
        {
            var found = await _store.LookUpAsync(_key, variant, Budget);
            Assert.Equal(LookUpOutcome.Found, found.Outcome);
            Assert.Equal(new string(letter, 64 * 1024), found.Response!.Headers[1].Value);
        }
    }

    [Fact]
    public async Task Headers_of_any_length_leave_no_more_than_this_for_a_script_to_read()
    {
        for (var length = 0; length < 1200; length += 37)
        {
            var seen = (await _store.LookUpAsync(_key, VariantKey.Plain, Budget)).Stamp;
            await FillAsync(VariantKey.Plain, seen: seen, header: new string('x', length));

            Assert.InRange(await Server.NumberAsync("HSTRLEN", _key.Value, "meta"), 46, StoredResponseFormat.StampLength + 512);
            Assert.Equal(length, (await _store.LookUpAsync(_key, VariantKey.Plain, Budget)).Response!.Headers[1].Value.Length);
        }
    }

    [Fact]
    public async Task Short_headers_take_the_place_of_long_ones_and_leave_nothing_of_them()
    {
        await FillAsync(VariantKey.Plain, header: new string('x', 4096));
        await FillAsync(VariantKey.Plain, seen: (await _store.LookUpAsync(_key, VariantKey.Plain, Budget)).Stamp);

        Assert.Equal(["body", "meta"], await Server.FieldsAsync(_key.Value));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("")]
    [InlineData(null)]
    public async Task A_head_of_another_fill_is_a_miss_and_can_be_filled_again(string? value)
    {
        await FillAsync(VariantKey.Plain, header: new string('x', 4096));
        await Server.SendAsync(value is null ? ["HDEL", _key.Value, "head"] : ["HSET", _key.Value, "head", value]);

        var found = await _store.LookUpAsync(_key, VariantKey.Plain, Budget);
        Assert.Equal(LookUpOutcome.Miss, found.Outcome);
        await FillAsync(VariantKey.Plain, seen: found.Stamp, header: new string('x', 4096));
        Assert.Equal(LookUpOutcome.Found, (await _store.LookUpAsync(_key, VariantKey.Plain, Budget)).Outcome);
    }

    [Fact]
    public async Task A_head_that_the_previous_version_has_left_behind_goes_with_the_next_fill()
    {
        await FillAsync(German, header: new string('x', 4096));
        await Server.SendAsync("HDEL", _key.Value, "meta:" + German.Digest, "body:" + German.Digest);

        await FillAsync(VariantKey.Plain);

        Assert.Equal(["body", "meta"], await Server.FieldsAsync(_key.Value));
    }

    private async Task FillAsync(VariantKey variant, string vary = "", string seen = "", string? header = null)
    {
        await BeginFillAsync(variant, TimeSpan.FromSeconds(60), seen);
        await CompleteFillAsync(variant, vary, header);
    }

    private async Task BeginFillAsync(VariantKey variant, TimeSpan duration, string seen = "") =>
        Assert.Equal(BeginFillOutcome.Granted, await _store.BeginFillAsync(_key, new FillLease(_token, variant, seen, duration, false), Budget));

    private async Task CompleteFillAsync(VariantKey variant, string vary = "", string? header = null)
    {
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [new HeaderField("Content-Type", "application/json"), .. header is null ? (HeaderField[])[] : [new HeaderField("X-Long", header)]],
            Body = Encoding.UTF8.GetBytes(Json),
            ResponseTimeMs = _store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "localhost /api/customers/123",
        };
        var outcome = await _store.CompleteFillAsync(
            _key,
            new FillLease(_token, variant, "", TimeSpan.FromSeconds(60), false),
            new FillResult(variant, vary, response, TimeSpan.FromSeconds(300), 64),
            Budget);
        Assert.Equal(CompleteFillOutcome.Stored, outcome);
    }

    private async Task<long> DeadlineInAsync(string field) => await Server.NumberAsync("HGET", _key.Value, field) - _store.NowMs;
}
