using FsCheck;
using FsCheck.Fluent;

namespace CacheProxy.Tests.Http;

/// <summary>Texts for properties that hold for any header value.</summary>
internal static class Texts
{
    private const string Characters = "aZ09-=\",;:()?*\\ \t/W_.'";

    /// <summary>The characters on which header parsers stumble, in any order.</summary>
    public static Gen<string> Awkward { get; } =
        Gen.Elements(Characters.ToCharArray()).ArrayOf().Select(characters => new string(characters));

    /// <summary>Awkward texts put together with pieces of a valid one.</summary>
    public static Arbitrary<string> Near(string valid)
    {
        var cut = Gen.Choose(0, valid.Length).Two().Select(ends => valid[Math.Min(ends.Item1, ends.Item2)..Math.Max(ends.Item1, ends.Item2)]);
        return Gen.OneOf(
            Awkward,
            cut,
            Awkward.Zip(cut).Select(parts => parts.Item1 + parts.Item2),
            cut.Zip(Awkward).Select(parts => parts.Item1 + parts.Item2),
            cut.Zip(Awkward).Zip(cut).Select(parts => parts.Item1.Item1 + parts.Item1.Item2 + parts.Item2)).ToArbitrary();
    }
}
