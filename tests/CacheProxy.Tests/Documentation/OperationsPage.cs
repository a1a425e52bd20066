using System.Text.RegularExpressions;
using CacheProxy.Tests.House;

namespace CacheProxy.Tests.Documentation;

/// <summary>docs/operations.md, row by row.</summary>
internal static partial class OperationsPage
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "operations.md"));

    /// <summary>The cells of the table whose heading begins so; a cell that is nothing but code is without its marks.</summary>
    public static string[][] Table(string heading) =>
    [
        .. Text.Split('\n')
            .SkipWhile(line => !line.StartsWith($"| {heading}", StringComparison.Ordinal))
            .TakeWhile(static line => line.StartsWith('|'))
            .Skip(2)
            .Select(static line => line.Trim('|').Split(" | ").Select(static cell => Unmarked(cell.Trim())).ToArray()),
    ];

    /// <summary>What a sentence lists in code marks.</summary>
    public static string[] CodeIn(string text) => [.. Code().Matches(text).Select(static match => match.Groups["code"].Value)];

    private static string Unmarked(string cell) => OnlyCode().Match(cell) is { Success: true } match ? match.Groups["code"].Value : cell;

    [GeneratedRegex("^`(?<code>[^`]+)`$")]
    private static partial Regex OnlyCode();

    [GeneratedRegex("`(?<code>[^`]+)`")]
    private static partial Regex Code();
}
