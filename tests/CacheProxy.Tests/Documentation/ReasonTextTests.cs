using System.Text.RegularExpressions;
using CacheProxy.Filling;
using CacheProxy.Management.Explaining;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>Each word that says why something is not cached has a paragraph, and what the program says of it is what stands there.</summary>
public sealed partial class ReasonTextTests
{
    private static readonly Dictionary<string, string> Rows = ((string[])["docs/operations.md", "docs/http.md"])
        .SelectMany(static page => Row().Matches(File.ReadAllText(MarkdownPage.Named(page).Path))
            .Select(row => (Anchor: $"{page}#{row.Groups["anchor"].Value}", Text: Plain(row.Groups["text"].Value))))
        .ToDictionary(static row => row.Anchor, static row => row.Text);

    public static TheoryData<string, bool> Words =>
        [.. Http.Words.OfDetail().SelectMany(static word => new (string, bool)[] { (word, true), (word, false) }), ("revoked", false), ("unavailable", false), ("incomplete", false)];

    [Theory]
    [MemberData(nameof(Words))]
    public void Each_word_has_its_paragraph_and_the_programs_words_are_the_pages(string word, bool isForwarded)
    {
        var text = ReasonText.Of(isForwarded ? RefusalKind.Forwarded : RefusalKind.NotStored, word);
        if (isForwarded && text.Text.Length == 0)
        {
            // It is a word for what is not stored.
            Assert.NotEqual("", ReasonText.OfNotStored(word).Text);
            return;
        }

        var row = Assert.Contains(text.See, (IReadOnlyDictionary<string, string>)Rows);
        Assert.Contains(text.Text, (string[])[row, $"the response {row}"]);
    }

    private static string Plain(string cell) => Link().Replace(Reference().Replace(cell, ""), "${text}").Replace("`", "", StringComparison.Ordinal);

    [GeneratedRegex("""^\| `[^`]+` \| <a id="(?<anchor>[^"]+)"></a>(?<text>.*) \|$""", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@" \(\[[^\]]*\]\([^)]*\)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)")]
    private static partial Regex Link();
}
