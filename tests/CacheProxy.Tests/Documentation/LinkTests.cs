using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

public sealed class LinkTests
{
    [Fact]
    public void Every_relative_link_leads_to_a_file_or_folder_of_the_repository()
    {
        var links = MarkdownPage.All()
            .SelectMany(static page => page.RelativeLinks().Select(target => (page.Path, target)))
            .ToArray();

        Assert.NotEmpty(links);
        var broken = string.Join('\n', links
            .Where(static link => !Path.Exists(Path.Combine(Path.GetDirectoryName(link.Path)!, link.target)))
            .Select(static link => $"{Repository.Relative(link.Path)}: {link.target}"));
        Assert.True(broken.Length == 0, broken);
    }

    [Fact]
    public void Every_page_answers_a_question_of_the_index() => Assert.Equal(
        [],
        Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Select(static path => Path.GetFileName(path))
            .Except(MarkdownPage.Named("docs/README.md").RelativeLinks().Select(static link => link.Split('#')[0])).Except(["README.md"]));

    [Fact]
    public void Every_decision_is_in_the_list_of_decisions()
    {
        var list = MarkdownPage.Named("docs/decisions/README.md");

        Assert.Equal(
            Repository.Files(Path.GetDirectoryName(list.Path)!, "0*.md").Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal),
            list.RelativeLinks().Order(StringComparer.Ordinal));
    }
}
