using System.Text.RegularExpressions;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

public sealed partial class SecurityPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "security.md"));

    [Fact]
    public void Every_test_that_the_page_names_exists()
    {
        var sources = Repository.Files(Path.Combine(Repository.Root, "tests"), "*.cs").Select(File.ReadAllText).ToArray();
        var named = TestName().Matches(Page).Select(static match => match.Groups["name"].Value).Distinct().ToArray();

        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains(sources, source => source.Contains($" {name}(", StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_attack_has_a_test()
    {
        var section = Page[Page.IndexOf("## Attacks", StringComparison.Ordinal)..Page.IndexOf("## Credentials", StringComparison.Ordinal)];
        var rows = section.Split('\n').Where(static line => line.StartsWith('|')).Skip(2).ToArray();

        Assert.NotEmpty(rows);
        Assert.All(rows, static row => Assert.Matches(TestName(), row));
    }

    [Fact]
    public void Every_test_of_the_security_folder_stands_on_the_page()
    {
        var tests = Repository.Files(Path.Combine(Repository.Root, "tests", "CacheProxy.IntegrationTests", "Security"), "*Tests.cs")
            .SelectMany(static file => TestMethod().Matches(File.ReadAllText(file)))
            .Select(static match => match.Groups["name"].Value)
            .ToArray();

        Assert.NotEmpty(tests);
        Assert.All(tests, static name => Assert.Contains($"`{name}`", Page, StringComparison.Ordinal));
    }

    // A sentence with underscores; no other word on the page has three of them.
    [GeneratedRegex(@"`(?<name>[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+){3,})`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"public (?:async Task|void) (?<name>[A-Z]\w*_\w*)\(")]
    private static partial Regex TestMethod();
}
