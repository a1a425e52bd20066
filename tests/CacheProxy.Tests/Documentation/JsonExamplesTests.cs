using CacheProxy.Configuration;
using CacheProxy.Configuration.Policies;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>Every JSON example of the documentation is a configuration that the program starts with.</summary>
public sealed class JsonExamplesTests
{
    private static readonly string[] Files = ["appsettings.json", "config/appsettings.json"];

    [Fact]
    public void Every_example_says_which_file_it_is() =>
        Assert.All(Examples(), static example => Assert.Contains(example.File, Files));

    [Fact]
    public void Every_example_is_accepted() => Assert.All(Examples(), static example =>
    {
        var (snapshot, problems) = example.Compile();
        Assert.True(snapshot is not null, $"{example}\n{ConfigurationReport.Text(problems)}");
    });

    [Fact]
    public void The_example_of_the_README_caches_pets_and_evicts_them_by_what_is_below_them()
    {
        var snapshot = Example("README.md", Files[1]).Compile().Snapshot!;

        Assert.Equal("{tenant}:pet:{id}", snapshot.Rules.Routes["pet"].Policy!.Template.Text);
        Assert.Null(snapshot.Rules.Routes["pet-search"].Policy);
        Assert.Equal(["pet"], snapshot.Rules.Routes["pet-parts"].Evicts.Select(static policy => policy.Name));
        Assert.NotNull(snapshot.Rules.Routes["customer"].Policy);
    }

    [Fact]
    public void The_first_example_of_the_README_is_a_whole_file_that_asks_for_no_tenant()
    {
        var snapshot = Example("README.md", Files[0]).Compile().Snapshot!;

        var policy = snapshot.Rules.Routes["item"].Policy!;
        Assert.Equal("item:{id}", policy.Template.Text);
        Assert.False(policy.Template.NeedsTenant);
        Assert.Equal([policy], snapshot.Rules.Routes["item-parts"].Evicts);
        Assert.True(snapshot.Rules.Routes["everything-else"].IsEmpty);
    }

    [Fact]
    public void The_example_for_any_API_asks_for_no_tenant_and_adds_no_freshness()
    {
        var any = Assert.Single(Assert.Single(
            MarkdownPage.Named("docs/configuration.md").JsonExamples(),
            static example => example.File == "appsettings.json").Compile().Snapshot!.Rules.Routes.Values.Select(static route => route.Policy).OfType<CachePolicy>());

        Assert.False(any.Template.NeedsTenant);
        Assert.Null(any.Options.Ttl);
        Assert.Equal(CredentialsMode.Rfc9111, any.Options.Credentials);
    }

    [Fact]
    public void An_untrue_example_would_be_found()
    {
        var (snapshot, problems) = new JsonExample("nowhere", Files[1], """{ "CacheProxy": { "Policies": { "customer": { "TTL2": "5m" } } } }""").Compile();

        Assert.Null(snapshot);
        Assert.Equal("CacheProxy:Policies:customer:TTL2", Assert.Single(problems).Key);
    }

    private static JsonExample Example(string page, string file) =>
        Assert.Single(MarkdownPage.Named(page).JsonExamples(), example => example.File == file);

    private static JsonExample[] Examples() => [.. MarkdownPage.All().SelectMany(static page => page.JsonExamples())];
}
