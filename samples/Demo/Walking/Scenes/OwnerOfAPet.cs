namespace Demo.Walking.Scenes;

/// <summary>What a policy's <c>Evicts</c> finds in bodies.</summary>
internal sealed class OwnerOfAPet : Scene
{
    private const string Owner = "/api/customers/284";
    private const string PetOfOwner = "/api/pets/521";
    private const string NewPet = "\"name\":\"Halley\"";
    private const string NewName = "\"name\":\"Encke\"";

    public override string Title => "POST /api/pets evicts the customer that it belongs to";

    public override string Sentence => "The customer's id is not in the path: it is in the body, and in the answer to a PATCH.";

    // As shipped: what a write to a pet evicts counts whether pets are cached or not.
    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public override async Task PlayAsync(Stage stage)
    {
        await stage.AskAsync(Step.Get(Owner, Expected.Miss));
        await stage.AskAsync(Step.Get(Owner, Expected.Hit));
        await stage.AskAsync(new Step("POST", "/api/pets", Expected.Forwarded, Body: $"{{\"customerId\":284,\"species\":\"dog\",{NewPet}}}", Shows: NewPet));
        await stage.AskAsync(Step.Get(Owner, Expected.Miss, NewPet));
        await stage.AskAsync(Step.Get(Owner, Expected.Hit, NewPet));
        await stage.AskAsync(new Step("PATCH", PetOfOwner, Expected.Forwarded, Body: $"{{{NewName}}}", Shows: "\"customerId\":284"));
        await stage.AskAsync(Step.Get(Owner, Expected.Miss, NewName));
    }
}
