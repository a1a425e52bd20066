namespace Demo.Walking.Scenes;

/// <summary>What a policy's <c>DependsOn</c> knows of the responses that contain a resource.</summary>
internal sealed class PetsOfACustomer : Scene
{
    private const string Owner = "/api/customers/287";
    private const string Pets = "\"pets\":[{\"id\":527";
    private const string OnePetLess = "\"pets\":[{\"id\":528";

    public override string Title => "A pet is written, and its customer is fresh at the next read";

    public override string Sentence => "Nothing in the DELETE names the customer: what was stored of it says which pets it contains.";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["CacheProxy:Policies:customer:DependsOn:pet"] = "/pets/*/id",
    };

    public override async Task PlayAsync(Stage stage)
    {
        await stage.AskAsync(Step.Get(Owner, Expected.Miss, Pets));
        await stage.AskAsync(Step.Get(Owner, Expected.Hit, Pets));
        await stage.AskAsync(new Step("DELETE", "/api/pets/527", Expected.Forwarded));
        await stage.AskAsync(Step.Get(Owner, Expected.Miss, OnePetLess));
        await stage.AskAsync(Step.Get(Owner, Expected.Hit, OnePetLess));
    }
}
