using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>What requests under way keep in memory.</summary>
public sealed class HeldBodiesTests
{
    private const int Size = 40 * 1024;
    private static readonly ResourceKey Key = new("demo:customer:1");

    private readonly HeldBodies _held = new(new MemoryOptions { MaxHeldBytes = 2 * Size });

    [Fact]
    public void Equal_bodies_of_a_resource_are_one_until_the_last_holder_lets_go()
    {
        var first = Body(1);
        Assert.True(_held.TryHold(Key, ref first, out var one));
        var second = Body(1);
        Assert.True(_held.TryHold(Key, ref second, out var two));

        Assert.Equal(first.Body, second.Body);
        Assert.Equal(Size, _held.Bytes);
        one!.Dispose();
        Assert.Equal(Size, _held.Bytes);
        two!.Dispose();
        Assert.Equal(0, _held.Bytes);
    }

    [Fact]
    public void Bodies_of_one_length_that_differ_are_never_taken_for_each_other()
    {
        var first = Body(1);
        Assert.True(_held.TryHold(Key, ref first, out _));
        var second = Body(2);
        Assert.True(_held.TryHold(Key, ref second, out _));

        Assert.Equal(2, second.Body.Span[^1]);
        Assert.Equal(2 * Size, _held.Bytes);
    }

    [Fact]
    public void Beyond_the_bound_there_is_no_room_until_somebody_lets_go()
    {
        var first = Body(1);
        Assert.True(_held.TryHold(Key, ref first, out var hold));
        Assert.True(_held.TryTake(Size));
        var other = Body(2);

        Assert.False(_held.TryHold(Key, ref other, out var none));
        Assert.Null(none);
        Assert.False(_held.TryTake(1));
        hold!.Dispose();
        Assert.True(_held.TryHold(Key, ref other, out _));
    }

    [Fact]
    public void One_who_comes_while_the_bound_is_reached_shares_what_is_there()
    {
        var first = Body(1);
        Assert.True(_held.TryHold(Key, ref first, out _));
        Assert.True(_held.TryTake(Size));
        var second = Body(1);

        Assert.True(_held.TryHold(Key, ref second, out _));
    }

    [Fact]
    public void What_the_server_buffers_anyway_needs_no_room()
    {
        var small = Body(1, HeldBodies.UncountedBytes);

        Assert.True(_held.TryHold(Key, ref small, out var hold));
        Assert.Null(hold);
        Assert.Equal(0, _held.Bytes);
    }

    private static StoredResponse Body(byte last, int size = Size)
    {
        var bytes = new byte[size];
        bytes[^1] = last;
        return new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = bytes,
            ResponseTimeMs = 0,
            InitialAgeMs = 0,
            LifetimeMs = 1,
            Target = "",
        };
    }
}
