using System.Globalization;
using System.Text.RegularExpressions;
using CacheProxy.Identity;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>Copies held by leases in a Redis, as a person, or Redis itself, sees them.</summary>
public sealed partial class RedisHoldingTests : IAsyncLifetime
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(40);

    private readonly ResourceKey _key = new("demo:customer:1");
    private RedisServer _server = null!;
    private RedisStore _store = null!;
    private RedisStore _other = null!;

    private static StoreTimeoutBudget Budget => new(TimeSpan.FromSeconds(20));

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync("--maxmemory-policy", "noeviction");
        _store = await RedisStores.OpenAsync(_server);
        _other = await RedisStores.OpenAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _other.DisposeAsync();
        await _store.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task A_lease_is_a_field_with_its_deadline_its_length_the_number_and_the_replication_id()
    {
        await FillAsync(TimeSpan.FromMinutes(5));
        Assert.True((await HoldAsync(7)).IsHeld);

        var name = "held:" + _other.Channel!.Replica;
        Assert.Equal(["body", name, "meta"], await _server.FieldsAsync(_key.Value));
        Assert.Matches($"^[0-9]{{13}} 40000 7 {_store.NewFillToken(_key)[..16]}$", await _server.TextAsync("HGET", _key.Value, name));
        Assert.InRange(await _server.NumberAsync("PTTL", _key.Value), 200_000, 300_000);
    }

    [Fact]
    public async Task A_lease_that_outlives_the_entry_keeps_the_key()
    {
        await FillAsync(TimeSpan.FromSeconds(20));
        await HoldAsync(7);

        Assert.InRange(await _server.NumberAsync("PTTL", _key.Value), 20_001, 40_000);
    }

    [Fact]
    public async Task What_is_no_lease_is_nobodys_and_goes_with_the_next_write()
    {
        await FillAsync(TimeSpan.FromMinutes(5));
        string[] fields =
        [
            "held:nobody", "soon", "held:0123456789abcdef", "4102444800000", "held:0123456789abcdeg", "4102444800000 2000 1 0123456789abcdef",
            "held:fedcba9876543210", "4102444800000 10000000 1 0123456789abcdef",
        ];
        await _server.SendAsync(["HSET", _key.Value, .. fields]);

        Assert.Null((await BeginAsync()).Holders);
        Assert.DoesNotContain(await _server.FieldsAsync(_key.Value), static field => field.StartsWith("held:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_a_lease_by_another_clock_all_may_be_left_and_it_is_counted_from_then_on(bool setBack)
    {
        const string Name = "held:0123456789abcdef";
        await FillAsync(TimeSpan.FromMinutes(5));
        var ownId = _store.NewFillToken(_key)[..16];
        var (inMs, id) = setBack ? (7_200_000, ownId) : (10_000, "0123456789abcdef");
        await _server.SendAsync("HSET", _key.Value, Name, (_store.NowMs + inMs).ToString(CultureInfo.InvariantCulture) + " 1000000 3 " + id);

        Assert.Equal(new Holder("0123456789abcdef", 3, TimeSpan.FromSeconds(1000)), Assert.Single((await BeginAsync()).Holders!));

        var counted = (await _server.TextAsync("HGET", _key.Value, Name))!;
        Assert.EndsWith(" 1000000 3 " + ownId, counted, StringComparison.Ordinal);
        Assert.InRange(long.Parse(counted[..13], CultureInfo.InvariantCulture) - _store.NowMs, 900_000, 1_000_000);
        await EndAsync();
        Assert.InRange(await _server.NumberAsync("PTTL", _key.Value), 900_000, 1_000_000);
    }

    [Fact]
    public async Task A_fence_with_the_word_of_a_lease_in_it_is_none()
    {
        await FillAsync(TimeSpan.FromMinutes(5));
        await _server.SendAsync("HSET", _key.Value, "fence", "held");

        var found = await HoldAsync(1);

        Assert.Equal((LookUpOutcome.Miss, false), (found.Outcome, found.IsHeld));
    }

    [Fact]
    public async Task A_full_Redis_still_answers_who_cannot_hold()
    {
        await FillAsync(TimeSpan.FromMinutes(5));
        Assert.True((await _store.HoldAsync(_key, VariantKey.Plain, new HoldRequest(1, Length), Budget)).IsHeld);
        await _server.ConfigureAsync("maxmemory", "1");

        var found = await HoldAsync(7);

        Assert.Equal((LookUpOutcome.Found, false), (found.Outcome, found.IsHeld));
        var written = await _other.BeginWriteAsync(_key, "w", TimeSpan.FromSeconds(30), Budget);
        Assert.Equal((StoreOutcome.Done, 1), (written.Outcome, Assert.Single(written.Holders!).Number));
        await _store.ReleaseAsync(_key, 2, Budget);
        Assert.Null((await _other.EndWriteAsync(_key, "w", WriteResult.Changed, Budget)).Holders);
        Assert.True(_store.IsAvailable);
    }

    [Fact]
    public async Task Scripts_that_Redis_has_forgotten_are_sent_again()
    {
        await FillAsync(TimeSpan.FromMinutes(5));
        await HoldAsync(1);
        await _server.SendAsync("SCRIPT", "FLUSH");

        Assert.True((await HoldAsync(2)).IsHeld);
        await _server.SendAsync("SCRIPT", "FLUSH");
        await _other.ReleaseAsync(_key, 3, Budget);

        Assert.Null((await BeginAsync()).Holders);
    }

    [Fact]
    public async Task A_write_that_Redis_has_to_be_told_the_scripts_of_names_the_holders_even_behind_a_write_that_nobody_ended()
    {
        await FillAsync(TimeSpan.FromMinutes(5));
        await HoldAsync(4);
        await _server.SendAsync("HSET", _key.Value, "write:lost", "1000000000000", "fence", "1000000000000");
        await _server.SendAsync("SCRIPT", "FLUSH");

        Assert.Equal(4, Assert.Single((await BeginAsync()).Holders!).Number);
    }

    [Fact]
    public async Task A_hold_takes_few_commands_and_a_write_that_nobody_holds_no_more_than_without_holders()
    {
        await FillAsync(TimeSpan.FromMinutes(5));
        await HoldAsync(1);
        Assert.Equal("hkeys hmget hset time", await CommandsAsync(() => HoldAsync(2)));
        Assert.Equal("hdel hmget", await CommandsAsync(() => ReleaseAsync(3)));
        Assert.Equal("hmget", await CommandsAsync(() => ReleaseAsync(4)));
        Assert.Equal("hdel hkeys hmget hset pexpireat time", await CommandsAsync(BeginAsync));
        Assert.Equal("del hkeys", await CommandsAsync(EndAsync));
        Assert.Equal(0, await _server.NumberAsync("EXISTS", _key.Value));
    }

    [Fact]
    public async Task Nothing_is_subscribed_before_somebody_wants_to_hold()
    {
        var channel = "cacheproxy:replica:" + _store.Channel!.Replica;
        await FillAsync(TimeSpan.FromMinutes(5));
        await BeginAsync();
        await EndAsync();
        Assert.DoesNotContain(channel, await ChannelsAsync());

        await Eventually.TrueAsync(() => _store.Channel.IsOpen, "It was not opened.");

        Assert.Contains(channel, await ChannelsAsync());
    }

    [Fact]
    public async Task Holders_hear_of_a_write_and_the_writer_hears_them()
    {
        var writer = new RecordedMessages(_store);
        var holder = new RecordedMessages(_other, acknowledges: 8);
        await OpenAsync();
        await FillAsync(TimeSpan.FromMinutes(5));
        await HoldAsync(7);

        await BeginAsync();

        string[] invalidated = ["demo:customer:1 is written by " + _store.Channel!.Replica];
        string[] acknowledged = [_other.Channel!.Replica + " serves demo:customer:1 from 8 on"];
        await Eventually.TrueAsync(() => writer.Heard.Length > 0, "The acknowledgement was not heard.");
        Assert.Equal(invalidated, holder.Heard);
        Assert.Equal(acknowledged, writer.Heard);

        await EndAsync();
        _store.Channel.Invalidate(_key, _other.Channel.Replica);
        await Eventually.TrueAsync(() => writer.Heard.Length == 3, "The others were not heard.");
        Assert.Equal([.. invalidated, .. invalidated, .. invalidated], holder.Heard);
        Assert.Equal([.. acknowledged, .. acknowledged, .. acknowledged], writer.Heard);
    }

    [Fact]
    public async Task A_writer_that_holds_nothing_itself_hears_holders_once_it_knows_of_one()
    {
        var writer = new RecordedMessages(_store);
        _ = new RecordedMessages(_other, acknowledges: 8);
        await Eventually.TrueAsync(() => _other.Channel!.IsOpen, "It was not opened.");
        await FillAsync(TimeSpan.FromMinutes(5));
        await HoldAsync(7);
        await BeginAsync();

        await Eventually.TrueAsync(
            () =>
            {
                _store.Channel!.Invalidate(_key, _other.Channel!.Replica);
                return writer.Heard.Length > 0;
            },
            "The acknowledgement was not heard.");
    }

    [Fact]
    public async Task What_others_publish_on_the_channel_is_ignored()
    {
        var heard = new RecordedMessages(_store);
        await OpenAsync();
        var channel = "cacheproxy:replica:" + _store.Channel!.Replica;
        foreach (var text in new[] { "", "i", "p 9223372036854775807", "a 0123456789abcdef x demo:customer:1", "\0\u00ff", "hello" })
        {
            await _server.SendAsync("PUBLISH", channel, text);
        }

        await _server.SendAsync("PUBLISH", channel, "i 0123456789abcdef demo:customer:1");
        await Eventually.TrueAsync(() => heard.Heard.Length > 0, "The last message was not heard.");
        Assert.Equal(["demo:customer:1 is written by 0123456789abcdef"], heard.Heard);
        Assert.True(_store.Channel.IsOpen);
    }

    private async Task OpenAsync()
    {
        await Eventually.TrueAsync(() => _store.Channel!.IsOpen, "It was not opened.");
        await Eventually.TrueAsync(() => _other.Channel!.IsOpen, "It was not opened.");
    }

    private async Task<string[]> ChannelsAsync() => [.. ((object?[])(await _server.SendAsync("PUBSUB", "CHANNELS"))!).Cast<string>()];

    /// <summary>The commands on hashes and the like that Redis ran, each as often as it did.</summary>
    private async Task<string> CommandsAsync(Func<Task> step)
    {
        await _server.SendAsync("CONFIG", "RESETSTAT");
        await step();
        var ran = from Match match in CommandCalls().Matches((await _server.TextAsync("INFO", "commandstats"))!)
                  where match.Groups[1].Value is not ("evalsha" or "eval" or "ping" or "info" or "config|resetstat")
                  from name in Enumerable.Repeat(match.Groups[1].Value, int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))
                  orderby name
                  select name;
        return string.Join(' ', ran);
    }

    private async Task<LookUpResult> HoldAsync(long number) => await _other.HoldAsync(_key, VariantKey.Plain, new HoldRequest(number, Length), Budget);

    private async Task ReleaseAsync(long number) => await _other.ReleaseAsync(_key, number, Budget);

    private async Task<WriteStep> BeginAsync() => await _store.BeginWriteAsync(_key, "w", TimeSpan.FromSeconds(30), Budget);

    private async Task EndAsync() => await _store.EndWriteAsync(_key, "w", WriteResult.Changed, Budget);

    private async Task FillAsync(TimeSpan retention)
    {
        var lease = new FillLease(_store.NewFillToken(_key), VariantKey.Plain, "", TimeSpan.FromSeconds(60), Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await _store.BeginFillAsync(_key, lease, Budget));
        var response = RedisStores.Entry(_store);
        Assert.Equal(CompleteFillOutcome.Stored, await _store.CompleteFillAsync(_key, lease, new FillResult(VariantKey.Plain, "", response, retention, 64), Budget));
    }

    [GeneratedRegex("cmdstat_([a-z|]+):calls=([0-9]+)")]
    private static partial Regex CommandCalls();
}
