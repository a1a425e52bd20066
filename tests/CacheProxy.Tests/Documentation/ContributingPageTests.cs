using System.Text.RegularExpressions;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>A newcomer copies the lines of CONTRIBUTING.md: what they name exists, and they do only what they say.</summary>
public sealed partial class ContributingPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "CONTRIBUTING.md"));

    [Fact]
    public void The_lines_of_the_loop_build_a_test_project_and_run_a_class_of_it()
    {
        var lines = Loop().Matches(Page);

        Assert.Equal(["CacheProxy.Tests", "CacheProxy.IntegrationTests"], lines.Select(static line => line.Groups["project"].Value));
        Assert.All(lines, static line =>
        {
            var project = line.Groups["project"].Value;
            Assert.Equal(project, line.Groups["program"].Value);
            Assert.Single(Repository.Files(Path.Combine(Repository.Root, "tests", project), $"{line.Groups["class"].Value}.cs"));
        });
    }

    [Fact]
    public void The_lines_of_the_loop_neither_restore_nor_build_the_solution_nor_analyse() =>
        Assert.All(Loop().Matches(Page), static line =>
        {
            Assert.Contains(" --no-restore ", line.Groups["options"].Value, StringComparison.Ordinal);
            Assert.Contains(" -p:RunAnalyzers=false ", line.Groups["options"].Value, StringComparison.Ordinal);
        });

    [Fact]
    public void The_folders_for_tests_exist() =>
        Assert.All(
            ["MainJob", "Store", "Consistency", "RedisTrouble", "Topologies", "LongRuns", "Transparency"],
            static (string folder) =>
            {
                Assert.Contains($"`{folder}`", Page, StringComparison.Ordinal);
                Assert.True(Directory.Exists(Path.Combine(Repository.Root, "tests", "CacheProxy.IntegrationTests", folder)), folder);
            });

    [GeneratedRegex("""
        ^dotnet build tests/(?<project>[\w.]+)(?<options> .*)&& tests/(?<program>[\w.]+)/bin/Debug/net10\.0/\k<project> -class "\*\.(?<class>\w+)" -noLogo$
        """, RegexOptions.Multiline)]
    private static partial Regex Loop();
}
