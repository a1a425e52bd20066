using CacheProxy.Store;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Store;

public sealed class BodyCopyTests
{
    private const int Limit = 10;

    [Fact]
    public void What_was_appended_is_the_copy_and_no_slice_changes_afterwards() => Prop.ForAll(
        Gen.Choose(0, 255).Select(static value => (byte)value).ArrayOf().Select(static piece => piece.Take(4).ToArray()).ListOf()
            .Select(static pieces => pieces.ToArray()).Zip(Gen.Elements(true, false)).ToArbitrary(),
        static input =>
        {
            var (pieces, isDeclared) = input;
            var total = pieces.Sum(static piece => piece.Length);
            var copy = Begin(isDeclared ? total : null, Math.Max(1, total));
            var slices = new List<ReadOnlyMemory<byte>>();
            foreach (var piece in pieces)
            {
                if (!copy.TryAppend(piece, out var slice))
                {
                    return false;
                }

                slices.Add(slice);
            }

            return copy.Bytes.Span.SequenceEqual(pieces.SelectMany(static piece => piece).ToArray())
                && slices.Zip(pieces).All(static pair => pair.First.Span.SequenceEqual(pair.Second));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(null)]
    [InlineData(10)]
    public void One_byte_too_many_does_not_fit(int? declared)
    {
        var copy = Begin(declared, Limit);

        Assert.True(copy.TryAppend(new byte[9], out _));
        Assert.False(copy.TryAppend(new byte[2], out var slice));
        Assert.True(slice.IsEmpty);
        Assert.True(copy.TryAppend(new byte[1], out _));
        Assert.False(copy.TryAppend(new byte[1], out _));
        Assert.Equal(10, copy.Bytes.Length);
    }

    [Fact]
    public void More_than_was_declared_does_not_fit_even_within_the_limit() =>
        Assert.False(Begin(3, Limit).TryAppend(new byte[4], out _));

    [Fact]
    public void Where_there_is_no_room_in_memory_a_body_of_known_length_is_not_begun_and_a_growing_one_ends()
    {
        const int Room = 100 * 1024;
        var held = new HeldBodies(new MemoryOptions { MaxHeldBytes = Room });

        Assert.Null(BodyCopy.TryBegin(Room + 1, 2 * Room, held));
        var growing = BodyCopy.TryBegin(null, 2 * Room, held)!;
        Assert.True(growing.TryAppend(new byte[HeldBodies.UncountedBytes], out _));
        Assert.True(growing.TryAppend(new byte[1], out _));
        Assert.False(growing.TryAppend(new byte[Room], out _));
        Assert.NotEqual(0, held.Bytes);
        growing.Dispose();
        growing.Dispose();
        Assert.Equal(0, held.Bytes);
    }

    [Fact]
    public void What_it_outgrows_counts_for_as_long_as_slices_of_it_are_in_use()
    {
        const int Size = 64 * 1024;
        var held = new HeldBodies(new MemoryOptions());
        var slow = BodyCopy.TryBegin(null, 4 * Size, held)!;
        slow.TryAppend(new byte[Size], out _);
        slow.TryAppend(new byte[Size], out _, keepsOutgrown: true);
        Assert.Equal(3 * Size, held.Bytes);

        slow.TryAppend(new byte[Size], out _, keepsOutgrown: false);

        Assert.Equal(4 * Size, held.Bytes);
        slow.Dispose();
        Assert.Equal(0, held.Bytes);
    }

    private static BodyCopy Begin(long? declaredLength, int maxBytes) =>
        BodyCopy.TryBegin(declaredLength, maxBytes, new HeldBodies(new MemoryOptions()))!;
}
