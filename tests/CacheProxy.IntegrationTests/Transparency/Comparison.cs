using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Transparency;

/// <summary>Holds a message that was forwarded against the same message sent directly.</summary>
internal static class Comparison
{
    /// <summary>At the end of an expected value: any value that begins so. No character of a message, whose bytes are Latin-1.</summary>
    public const string Anything = "\u2026";

    public static void AssertSame(IEnumerable<KnownDifference> differences, RawHttpMessage direct, RawHttpMessage forwarded)
    {
        var expected = differences.Aggregate(WireForm.Of(direct), (form, difference) => difference.Apply(form));
        var open = expected.Fields.Where(field => field.Value.EndsWith(Anything, StringComparison.Ordinal)).ToList();
        var actual = KnownDifferences.Neutral(WireForm.Of(forwarded));
        actual = actual with { Fields = [.. actual.Fields.Select(field => AsExpected(field, open))] };

        Assert.Equal(expected.Text, actual.Text);
    }

    private static (string Name, string Value) AsExpected((string Name, string Value) field, IEnumerable<(string Name, string Value)> open)
    {
        foreach (var (name, value) in open)
        {
            if (field.Name == name && field.Value.StartsWith(value[..^Anything.Length], StringComparison.Ordinal))
            {
                return (name, value);
            }
        }

        return field;
    }
}
