using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>The way that loses messages takes Redis's replies apart at their ends, whatever is in them and however they arrive.</summary>
public sealed class RespRepliesTests
{
    // Redis's kinds of replies; texts that look like replies, too.
    private static readonly Gen<string> Simple = Gen.Elements(
        "+OK\r\n", "-ERR no\r\n", ":12\r\n", "$-1\r\n", "*-1\r\n", "_\r\n", "#t\r\n", ",1.5\r\n", "(12345678901234567890\r\n", "$0\r\n\r\n", "*0\r\n",
        "$9\r\n*3\r\n$7\r\nm\r\n", "=7\r\ntxt:a\r\n\r\n", "!5\r\nERR a\r\n", "$15\r\n$14\r\nmessage\r\n:\r\n");

    private static readonly Gen<string> Replies = Nested(3);

    [Fact]
    public void Every_reply_ends_where_it_ends_and_no_part_of_it_does() => Prop.ForAll(
        Replies.Zip(Gen.Elements("", "+", "*3\r\n$7\r\nmess", "\r\n")).ToArbitrary(),
        static input =>
        {
            var (reply, next) = input;
            var bytes = Encoding.ASCII.GetBytes(reply + next);
            return RespReplies.Measure(bytes) == reply.Length
                && Enumerable.Range(0, reply.Length).All(length => RespReplies.Measure(bytes.AsSpan(0, length)) == 0);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n", true)]
    [InlineData(">3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nx\r\n", true)]
    [InlineData(">3\r\n$8\r\nsmessage\r\n$1\r\nc\r\n$1\r\nx\r\n", true)]
    [InlineData("*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$1\r\nc\r\n$1\r\nx\r\n", true)]
    [InlineData(">3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n", false)]
    [InlineData(">2\r\n$10\r\ninvalidate\r\n*0\r\n", false)]
    [InlineData("$7\r\nmessage\r\n", false)]
    public void What_was_published_is_told_from_every_other_reply(string reply, bool isPublished) =>
        Assert.Equal(isPublished, RespReplies.IsPublished(Encoding.ASCII.GetBytes(reply)));

    private static Gen<string> Nested(int depth) => depth == 0
        ? Simple
        : Gen.OneOf(
            Simple,
            Nested(depth - 1).ArrayOf().Select(static items => items.Take(4).ToArray()).Zip(Gen.Elements('*', '~', '>', '%', '|'), static (items, kind) => kind switch
            {
                '%' => $"%{items.Length / 2}\r\n{string.Concat(items.Take(items.Length / 2 * 2))}",
                '|' => $"|{items.Length / 2}\r\n{string.Concat(items.Take(items.Length / 2 * 2))}+after\r\n",
                _ => $"{kind}{items.Length}\r\n{string.Concat(items)}",
            }));
}
