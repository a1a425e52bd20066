using System.Text.RegularExpressions;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace CacheProxy.Tests.House;

/// <summary>What runs on the hosting service, which no test can start.</summary>
public sealed partial class WorkflowTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, ".github", "workflows");

    [Fact]
    public void Every_action_is_pinned_to_a_commit_and_says_which_version_that_is()
    {
        var uses = Directory.GetFiles(Folder).SelectMany(File.ReadAllLines).Where(static line => line.Contains("uses:", StringComparison.Ordinal)).ToArray();

        Assert.NotEmpty(uses);
        Assert.All(uses, static line => Assert.Matches(Pinned(), line));
    }

    [Fact]
    public void No_job_may_more_than_it_needs_and_none_runs_for_ever()
    {
        var workflow = Read("ci.yml");

        Assert.Equal("read", Text(workflow["permissions"], "contents"));
        Assert.All(Jobs(workflow), static job => Assert.InRange(int.Parse(Text(job, "timeout-minutes"), null), 1, 60));
        Assert.All(Jobs(workflow).Where(static job => job.Children.ContainsKey("permissions")), static job =>
            Assert.DoesNotContain("write-all", job["permissions"].ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void It_runs_the_tests_builds_the_image_for_both_platforms_with_its_parts_listed_and_looks_for_known_vulnerabilities()
    {
        var text = File.ReadAllText(Path.Combine(Folder, "ci.yml"));

        Assert.Contains("run: ./test.sh", text, StringComparison.Ordinal);
        Assert.Contains("arch: amd64", text, StringComparison.Ordinal);
        Assert.Contains("arch: arm64", text, StringComparison.Ordinal);
        Assert.Contains("--sbom=true", text, StringComparison.Ordinal);
        Assert.Contains("path: out/sbom.spdx.json", text, StringComparison.Ordinal);
        Assert.Contains("package --vulnerable --include-transitive", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_issue_template_can_be_read_and_has_a_question()
    {
        var templates = Directory.GetFiles(Path.Combine(Repository.Root, ".github", "ISSUE_TEMPLATE"), "*.yml")
            .Where(static path => Path.GetFileName(path) != "config.yml").ToArray();

        Assert.NotEmpty(templates);
        Assert.All(templates, static path => Assert.NotEmpty(((YamlSequenceNode)Parse(path)["body"]).Children));
    }

    private static YamlMappingNode Read(string name) => Parse(Path.Combine(Folder, name));

    private static YamlMappingNode Parse(string path)
    {
        using var reader = new StreamReader(path);
        var stream = new YamlStream();
        stream.Load(reader);
        return (YamlMappingNode)stream.Documents.Single().RootNode;
    }

    private static IEnumerable<YamlMappingNode> Jobs(YamlMappingNode workflow) =>
        ((YamlMappingNode)workflow["jobs"]).Children.Values.Cast<YamlMappingNode>();

    private static string Text(YamlNode node, string key) => ((YamlScalarNode)node[key]).Value!;

    [GeneratedRegex("uses: [a-z/-]+@[0-9a-f]{40} # v[0-9]+\\.[0-9]+\\.[0-9]+$")]
    private static partial Regex Pinned();
}
