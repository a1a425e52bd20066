using CacheProxy.Filling;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Filling;

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
            var copy = new BodyCopy(isDeclared ? total : null, Math.Max(1, total));
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
        var copy = new BodyCopy(declared, Limit);

        Assert.True(copy.TryAppend(new byte[9], out _));
        Assert.False(copy.TryAppend(new byte[2], out var slice));
        Assert.True(slice.IsEmpty);
        Assert.True(copy.TryAppend(new byte[1], out _));
        Assert.False(copy.TryAppend(new byte[1], out _));
        Assert.Equal(10, copy.Bytes.Length);
    }

    [Fact]
    public void More_than_was_declared_does_not_fit_even_within_the_limit() =>
        Assert.False(new BodyCopy(3, Limit).TryAppend(new byte[4], out _));
}
