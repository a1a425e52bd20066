using CacheProxy.Identity;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace CacheProxy.Tests.Identity;

public sealed class FramedDigestTests
{
    private static readonly Gen<(string Name, string[] Values)> Fields = Gen.Elements("", "a", "b", "ab", "\0", "\u0100")
        .Zip(Gen.Elements("", "a", "b", "ab", "ba", "\0", "\u0100").ArrayOf().Select(static values => values.Take(3).ToArray()));

    [Fact]
    public void No_two_different_fields_have_one_digest() => Prop.ForAll(
        Fields.Two().ToArbitrary(),
        static pair => IsSame(pair.Item1, pair.Item2)
            == (Digest(DigestPart.VaryHeader, pair.Item1) == Digest(DigestPart.VaryHeader, pair.Item2))).QuickCheckThrowOnFailure();

    [Fact]
    public void Two_fields_are_never_one_digest_with_the_same_two_cut_elsewhere() => Prop.ForAll(
        Fields.Two().Zip(Fields.Two()).ToArbitrary(),
        static quad => (IsSame(quad.Item1.Item1, quad.Item2.Item1) && IsSame(quad.Item1.Item2, quad.Item2.Item2))
            == (Digest(DigestPart.VaryHeader, quad.Item1.Item1, quad.Item1.Item2)
                == Digest(DigestPart.VaryHeader, quad.Item2.Item1, quad.Item2.Item2))).QuickCheckThrowOnFailure();

    [Fact]
    public void A_part_counts() => Assert.NotEqual(Digest(DigestPart.VaryHeader, ("a", ["b"])), Digest(DigestPart.CredentialHeader, ("a", ["b"])));

    [Fact]
    public void A_digest_that_outgrows_its_room_is_the_same_as_one_with_room_enough()
    {
        var values = Enumerable.Range(0, 200).Select(static i => new string('x', i)).ToArray();

        Assert.Equal(Digest(DigestPart.VaryHeader, 8, ("a", values)), Digest(DigestPart.VaryHeader, 1 << 16, ("a", values)));
    }

    [Fact]
    public void It_is_empty_until_something_is_added()
    {
        var digest = new FramedDigest(stackalloc byte[16], []);
        Assert.True(digest.IsEmpty);

        digest.Add(DigestPart.Query, "");
        Assert.False(digest.IsEmpty);
    }

    private static bool IsSame((string Name, string[] Values) one, (string Name, string[] Values) other) =>
        one.Name == other.Name && one.Values.SequenceEqual(other.Values);

    private static string Digest(DigestPart part, params (string Name, string[] Values)[] fields) => Digest(part, 64, fields);

    private static string Digest(DigestPart part, int room, params (string Name, string[] Values)[] fields)
    {
        var digest = new FramedDigest(new byte[room], []);
        foreach (var (name, values) in fields)
        {
            digest.Add(part, name, new StringValues(values));
        }

        Span<byte> result = stackalloc byte[32];
        digest.Finish(result);
        return Convert.ToHexString(result);
    }
}
