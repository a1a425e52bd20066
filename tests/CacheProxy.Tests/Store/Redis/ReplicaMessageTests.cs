using CacheProxy.Identity;
using CacheProxy.Store.Redis;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.Tests.Store.Redis;

// The bus of the tests has another one.
using ReplicaMessage = CacheProxy.Store.Redis.ReplicaMessage;

public sealed class ReplicaMessageTests
{
    private const string Replica = "0123456789abcdef";

    private static readonly Arbitrary<string> Likely = Gen.Elements(
            "", " ", "i", "a", "p", "i ", "a ", "p ", Replica, Replica + " ", "12 ", "-1", "99999999999999999999 ", "demo:customer:1", "é", "\0")
        .ArrayOf().Select(static parts => string.Concat(parts)).ToArbitrary();

    [Fact]
    public void A_message_is_read_as_it_was_written() => Prop.ForAll<NonEmptyString, NonNegativeInt>(static (key, number) =>
    {
        var resource = new ResourceKey(key.Get);
        Assert.Equal(
            new ReplicaMessage(ReplicaMessageKind.Invalidation, Replica, 0, key.Get),
            ReplicaMessage.Parse(ReplicaMessage.Invalidation(Replica, resource)));
        Assert.Equal(
            new ReplicaMessage(ReplicaMessageKind.Acknowledgement, Replica, number.Get, key.Get),
            ReplicaMessage.Parse(ReplicaMessage.Acknowledgement(Replica, number.Get, resource)));
        Assert.Equal(new ReplicaMessage(ReplicaMessageKind.Ping, Number: number.Get), ReplicaMessage.Parse(ReplicaMessage.Ping(number.Get)));
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("i")]
    [InlineData("i 0123456789abcdef")]
    [InlineData("i 0123456789abcdef ")]
    [InlineData("i 0123456789ABCDEF demo:customer:1")]
    [InlineData("i 0123456789abcde demo:customer:1")]
    [InlineData("i  0123456789abcdef demo:customer:1")]
    [InlineData("I 0123456789abcdef demo:customer:1")]
    [InlineData("a 0123456789abcdef 1")]
    [InlineData("a 0123456789abcdef 1 ")]
    [InlineData("a 0123456789abcdef -1 demo:customer:1")]
    [InlineData("a 0123456789abcdef  demo:customer:1")]
    [InlineData("a 0123456789abcdef 99999999999999999999 demo:customer:1")]
    [InlineData("p")]
    [InlineData("p ")]
    [InlineData("p -1")]
    [InlineData("p 1 ")]
    [InlineData("x 1")]
    public void What_is_not_beyond_doubt_is_not_understood(string text) => Assert.Equal(default, ReplicaMessage.Parse(text));

    [Fact]
    public void Whatever_is_published_is_read_as_what_would_have_been_written_or_not_at_all() => Prop.ForAll(Likely, static text =>
    {
        var read = ReplicaMessage.Parse(text);
        var written = read.Kind switch
        {
            ReplicaMessageKind.Ping => ReplicaMessage.Ping(read.Number),
            ReplicaMessageKind.Invalidation => ReplicaMessage.Invalidation(read.Replica, new ResourceKey(read.Key)),
            ReplicaMessageKind.Acknowledgement => ReplicaMessage.Acknowledgement(read.Replica, read.Number, new ResourceKey(read.Key)),
            ReplicaMessageKind.Unknown => "",
        };
        // A number may have had leading zeros.
        Assert.True(read.Kind == ReplicaMessageKind.Unknown || written.Replace("0", "", StringComparison.Ordinal) == text.Replace("0", "", StringComparison.Ordinal));
    }).QuickCheckThrowOnFailure();
}
