using System.Text.RegularExpressions;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>docs/consistency.md promises nothing that no test holds.</summary>
public sealed partial class ConsistencyPageTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "consistency.md"));

    private static readonly Dictionary<string, string> Tests = Repository
        .Files(Path.Combine(Repository.Root, "tests"), "*Tests.cs")
        .GroupBy(static file => Path.GetFileNameWithoutExtension(file))
        .ToDictionary(static group => group.Key, static group => string.Concat(group.Select(File.ReadAllText)));

    [Fact]
    public void Every_test_that_the_page_names_exists()
    {
        var named = Lines.SelectMany(static line => TestName().Matches(line)).ToArray();

        Assert.NotEmpty(named);
        Assert.Equal([], named.Where(static name => !Exists(name.Groups["class"].Value, name.Groups["test"].Value)).Select(static name => name.Value));
    }

    [Fact]
    public void Every_failure_names_the_test_that_holds_it()
    {
        var rows = FailureRows().ToArray();

        Assert.True(rows.Length > 20);
        Assert.Equal([], rows.Where(static row => !TestName().IsMatch(row.Split(" | ")[^1])));
    }

    [Fact]
    public void The_commands_select_tests_and_the_variables_are_read()
    {
        var sources = string.Concat(Repository.Files(Path.Combine(Repository.Root, "tests", "CacheProxy.IntegrationTests"), "*.cs").Select(File.ReadAllText));
        var categories = Lines.SelectMany(static line => Category().Matches(line)).Select(static match => match.Groups["name"].Value).ToArray();
        var variables = Lines.SelectMany(static line => Variable().Matches(line)).Select(static match => match.Value).Distinct().ToArray();

        Assert.Equal(["Exhaustive", "LongRun"], categories);
        Assert.All(categories, category => Assert.Contains($"[Trait(\"Category\", \"{category}\")]", sources));
        Assert.Equal(3, variables.Length);
        Assert.All(variables, variable => Assert.Contains($"= \"{variable}\";", sources));
    }

    private static bool Exists(string @class, string test) =>
        Tests.TryGetValue(@class, out var source) && Regex.IsMatch(source, $@"\b(Task|void) {test}\(");

    /// <summary>The rows of all tables whose last column is the test.</summary>
    private static IEnumerable<string> FailureRows()
    {
        var inTable = false;
        foreach (var line in Lines)
        {
            if (line.EndsWith("| test |", StringComparison.Ordinal))
            {
                inTable = true;
            }
            else if (!line.StartsWith('|'))
            {
                inTable = false;
            }
            else if (inTable && !line.StartsWith("| ---", StringComparison.Ordinal))
            {
                yield return line;
            }
        }
    }

    [GeneratedRegex(@"`(?<class>\w+Tests)\.(?<test>\w+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"-trait Category=(?<name>\w+)")]
    private static partial Regex Category();

    [GeneratedRegex(@"CACHEPROXY_\w+")]
    private static partial Regex Variable();
}
