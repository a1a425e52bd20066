using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>When a copy is served, and what becomes one.</summary>
public sealed class LocalCopiesTests : IDisposable
{
    private static readonly ResourceKey Key = new("demo:customer:1");
    private static readonly TimeSpan TwoSeconds = TimeSpan.FromSeconds(2);

    private readonly FakeTimeProvider _time = new();
    private readonly ReplicaChannel _channel = new ReplicaBus().Join("1111111111111111");
    private readonly LocalCopies _copies;

    public LocalCopiesTests()
    {
        _copies = new LocalCopies(_time);
        _copies.Use(_channel);
    }

    [Theory]
    [InlineData(500, 399, true)]
    [InlineData(500, 400, false)]
    [InlineData(2000, 1799, true)]
    [InlineData(2000, 1800, false)]
    [InlineData(5000, 4499, true)]
    [InlineData(5000, 4500, false)]
    public void It_is_served_until_its_lease_but_for_the_margin_is_over_counted_from_before_the_store_was_asked(int lengthMs, int laterMs, bool isServed)
    {
        var begun = Begun(TimeSpan.FromMilliseconds(lengthMs));
        _time.Advance(TimeSpan.FromMilliseconds(50));
        _copies.Add(Key, Entry(), begun);

        _time.Advance(TimeSpan.FromMilliseconds(laterMs - 50));

        Assert.Equal(isServed, Find() is not null);
    }

    [Fact]
    public void It_is_not_served_once_the_number_has_been_raised_nor_kept_if_that_was_while_the_store_was_asked()
    {
        var begun = Begun();
        _copies.Add(Key, Entry(), begun);
        Assert.NotNull(Find());

        Assert.Equal(begun.Number + 1, _copies.Raise(Key));
        Assert.Null(Find());
        Assert.Equal((0L, 0L), (_copies.Count, _copies.Bytes));

        _copies.Add(Key, Entry(), begun);
        Assert.Equal((null, 0L), (Find(), _copies.Count));
    }

    [Fact]
    public void What_is_dropped_is_dropped_alone()
    {
        var other = new VariantKey("0123456789abcdef0123456789abcdef");
        _copies.Add(Key, Entry(), Begun());
        _copies.Add(Key, Entry() with { Variant = other }, Begun());

        _copies.Drop(Key, VariantKey.Plain);

        Assert.Equal((true, false), (Find() is null, _copies.Find(Key, other) is null));
        Assert.Equal(1, _copies.Count);
    }

    [Fact]
    public void The_fifth_look_up_that_finds_it_within_the_time_of_a_lease_holds_it()
    {
        Assert.Equal([false, false, false, false, true, false], LookUps(6));
    }

    [Fact]
    public void Look_ups_that_are_further_apart_hold_nothing()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.False(LookUp());
            _time.Advance(TimeSpan.FromMilliseconds(501));
        }
    }

    [Fact]
    public void What_was_served_often_is_held_again_at_once_and_by_one_of_those_who_ask()
    {
        _copies.Add(Key, Entry(), Begun());
        for (var i = 0; i < 5; i++)
        {
            Assert.NotNull(Find());
        }

        _time.Advance(TwoSeconds);

        Assert.Equal([true, false], LookUps(2));
    }

    [Fact]
    public void Nothing_is_held_while_the_channel_is_closed_and_nothing_that_was_on_its_way()
    {
        LookUps(4);
        var begun = Begun();
        _channel.Close();

        Assert.False(LookUp());
        _copies.Add(Key, Entry(), begun);
        Assert.Equal(0, _copies.Count);
    }

    [Fact]
    public void After_the_stop_nothing_is_served_and_nothing_held()
    {
        _copies.Add(Key, Entry(), Begun());
        LookUps(4);

        Assert.Equal([Key], _copies.Stop());

        Assert.Null(Find());
        Assert.False(LookUp());
        _copies.Add(Key, Entry(), Begun());
        Assert.Equal(0, _copies.Count);
    }

    [Fact]
    public void A_lease_taken_anew_on_the_same_entry_keeps_its_bytes()
    {
        var stamp = new StoredStamp(1, System.Runtime.Intrinsics.Vector256<byte>.One);
        _copies.Add(Key, Entry(stamp), Begun());
        var first = Find()!.Result.Response;
        _copies.Add(Key, Entry(stamp), Begun());
        Assert.Same(first, Find()!.Result.Response);

        _copies.Add(Key, Entry(stamp with { DeadlineMs = 2 }), Begun());
        Assert.NotSame(first, Find()!.Result.Response);
        Assert.Equal(1, _copies.Count);
    }

    [Fact]
    public void They_take_no_more_memory_than_they_may_and_those_that_are_used_stay()
    {
        using var copies = new LocalCopies(_time, options: new MemoryOptions { SizeLimit = 100_000 });
        copies.Use(_channel);
        copies.Add(Key, Entry(), Begun());
        for (var i = 0; i < 1000; i++)
        {
            Assert.NotNull(copies.Find(Key, VariantKey.Plain));
            copies.Add(new ResourceKey($"other:{i}"), Entry(), Begun());
            Assert.InRange(copies.Bytes, 1, 100_000);
        }

        Assert.InRange(copies.Count, 30, 80);
    }

    [Fact]
    public void Who_adds_raises_drops_and_reads_at_once_leaves_nothing_that_is_not_counted()
    {
        using var copies = new LocalCopies(TimeProvider.System, options: new MemoryOptions { SizeLimit = 60_000 });
        copies.Use(_channel);
        Parallel.For(0, 4, worker =>
        {
            var random = new Random(worker);
            for (var i = 0; i < 20_000; i++)
            {
                var key = new ResourceKey($"k:{random.Next(60)}");
                switch (random.Next(4))
                {
                    case 0:
                        copies.Raise(key);
                        break;
                    case 1:
                        copies.Drop(key, VariantKey.Plain);
                        break;
                    case 2:
                        copies.Find(key, VariantKey.Plain);
                        break;
                    default:
                        copies.Add(key, Entry(), new HoldBegun(copies.Number(key), TimeProvider.System.GetTimestamp(), TwoSeconds));
                        break;
                }
            }
        });

        copies.EraseAll();
        Assert.Equal((0L, 0L), (copies.Count, copies.Bytes));
    }

    public void Dispose() => _copies.Dispose();

    private bool[] LookUps(int count) => [.. Enumerable.Range(0, count).Select(_ => LookUp())];

    // One that finds what it asks for.
    private bool LookUp()
    {
        if (_copies.TryBeginHold(Key, VariantKey.Plain, TwoSeconds, out var begun))
        {
            return true;
        }

        _copies.Found(Key, begun);
        return false;
    }

    private LocalCopy? Find() => _copies.Find(Key, VariantKey.Plain);

    private HoldBegun Begun(TimeSpan? length = null) => new(_copies.Number(Key), _time.GetTimestamp(), length ?? TwoSeconds);

    private static LookUpResult Entry(StoredStamp stamp = default) =>
        new(LookUpOutcome.Found, "", new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = new byte[1000],
            ResponseTimeMs = 0,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "host /",
            Stamp = stamp,
        }, "")
        {
            Variant = VariantKey.Plain,
            IsHeld = true,
        };
}
