using System.Text.RegularExpressions;
using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Tests.House;
using CacheProxy.Tests.Http;
using Microsoft.Extensions.Configuration;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>What <c>docs/http.md</c> says, held against the code.</summary>
public sealed partial class HttpPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "http.md"));
    private static readonly string ExampleFile = Path.Combine(Repository.Root, "tests", "http-cache-tests", "catch-all.json");

    [Fact]
    public void It_has_every_word_of_detail_and_no_other() =>
        Assert.Equal(Words.OfDetail().Append(CacheStatus.Copy).Order(), FirstCells("### The words of `detail`", "detail").Order());

    [Fact]
    public void Its_example_is_the_configuration_that_the_public_suite_runs_against() =>
        Assert.Equal(File.ReadAllText(ExampleFile).Trim(), Example().Match(Page).Groups["json"].Value.Trim());

    [Fact]
    public void Its_example_keys_by_URL_and_leaves_freshness_to_the_API()
    {
        var policy = Assert.Single(CompileExample().Rules.Routes.Values.Select(static route => route.Policy).OfType<CachePolicy>());

        Assert.False(policy.Template.NeedsTenant);
        Assert.Null(policy.Options.Ttl);
        Assert.Equal(CredentialsMode.Rfc9111, policy.Options.Credentials);
        Assert.True(policy.Storage.AnyStatus);
        Assert.True(policy.EvictsOn("POST"));
        Assert.True(policy.EvictsOn("M-SEARCH"));
    }

    [Fact]
    public void Its_example_lets_an_expired_entry_stand_in_for_a_failing_API() =>
        Assert.Equal(TimeSpan.FromMinutes(1), Assert.Single(CompileExample().Rules.Routes.Values.Select(static route => route.Policy).OfType<CachePolicy>()).Options.StaleIfError);

    [Fact]
    public void Each_test_left_failing_is_named_once_and_has_its_reason()
    {
        var ids = FirstCells("## Tests left failing", "test").ToArray();

        Assert.NotEmpty(ids);
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(Rows("## Tests left failing").Skip(1), static row => Assert.NotEqual("", row.Split('|')[2].Trim()));
    }

    private static ConfigurationSnapshot CompileExample()
    {
        var directory = Directory.CreateTempSubdirectory("cacheproxy-catch-all-");
        try
        {
            File.Copy(ExampleFile, Path.Combine(directory.FullName, "appsettings.json"));
            var problems = new List<ConfigurationProblem>();
            var sources = new ConfigurationSources(directory.FullName, [], new ConfigurationBuilder().Build());
            var snapshot = ConfigurationCompiler.Compile(sources, running: null, problems);
            Assert.True(snapshot is not null, ConfigurationReport.Text(problems));
            return snapshot;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>The code words in the first cells of a section's table, whose first column has this name.</summary>
    private static IEnumerable<string> FirstCells(string heading, string column)
    {
        var rows = Rows(heading);
        Assert.Equal(column, rows[0].Split('|')[1].Trim());
        return rows.Skip(1).SelectMany(static row => Code().Matches(row.Split('|')[1])).Select(static match => match.Groups["text"].Value);
    }

    private static string[] Rows(string heading)
    {
        var start = Page.IndexOf(heading + "\n", StringComparison.Ordinal);
        Assert.True(start >= 0, heading);
        var section = Page[(start + heading.Length)..];
        var end = section.IndexOf("\n#", StringComparison.Ordinal);
        return [.. (end < 0 ? section : section[..end]).Split('\n').Where(static line => line.StartsWith('|') && !line.StartsWith("| ---", StringComparison.Ordinal))];
    }

    [GeneratedRegex("`(?<text>[^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex("```json[^\n]*\n(?<json>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
