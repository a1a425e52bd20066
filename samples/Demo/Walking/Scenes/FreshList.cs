namespace Demo.Walking.Scenes;

/// <summary>The policy customer-list.</summary>
internal sealed class FreshList : Scene
{
    // The API asks its database for the customers of the page, and how many there are.
    private static readonly Step List = Step.Get("/api/customers?page=12", Expected.Miss) with { MissQueries = 2 };
    private static readonly Step Search = Step.Get("/api/customers/search?q=garcia", Expected.Miss);
    private const string NewName = "\"firstName\":\"Zora\"";

    public override string Title => "A list and a search are cached, and fresh after a write";

    public override string Sentence => "Each page and each search is a variant of one resource of the tenant, which every write to a customer evicts.";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["CacheProxy:Policies:customer-list:Mode"] = "On",
    };

    public override async Task PlayAsync(Stage stage)
    {
        await stage.AskAsync(List);
        await stage.AskAsync(List with { Expected = Expected.Hit });
        await stage.AskAsync(Search);
        await stage.AskAsync(Search with { Expected = Expected.Hit });
        await stage.AskAsync(List with { Tenant = "acme" });
        await stage.AskAsync(new Step("PUT", "/api/customers/279", Expected.Forwarded, Body: $"{{{NewName}}}", Shows: NewName));
        await stage.AskAsync(List with { Shows = NewName });
        await stage.AskAsync(Search with { Shows = NewName });
        await stage.AskAsync(List with { Expected = Expected.Hit, Shows = NewName });
        await stage.AskAsync(List with { Expected = Expected.Hit, Tenant = "acme" });
    }
}
