namespace Demo.Walking.Scenes;

/// <summary>The shipped policies besides those of customers.</summary>
internal sealed class FurtherPolicies : Scene
{
    public override string Title => "Tenants, pets, services, staff and reservations, by one key each";

    public override string Sentence => "Each is a miss, a hit, and after its write a miss that shows what was written.";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["CacheProxy:Policies:tenant:Mode"] = "On",
        ["CacheProxy:Policies:pet:Mode"] = "On",
        ["CacheProxy:Policies:service-catalog:Mode"] = "On",
        ["CacheProxy:Policies:staff:Mode"] = "On",
        ["CacheProxy:Policies:reservation:Mode"] = "On",
    };

    public override async Task PlayAsync(Stage stage)
    {
        await ReadAndWriteAsync(stage, "/api/tenants/by-subdomain/demo", "\"name\":\"The Demo Resort\"");
        await ReadAndWriteAsync(stage, "/api/pets/515", "\"name\":\"Sir Purrsalot\"");
        await ReadAndWriteAsync(stage, "/api/services", "\"priceCents\":4400", of: "/api/services/1");
        await ReadAndWriteAsync(stage, "/api/staff/2", "\"role\":\"head of care\"");
        await ReadAndWriteAsync(stage, "/api/reservations/2", "\"status\":\"CHECKED_IN\"");
    }

    private static async Task ReadAndWriteAsync(Stage stage, string path, string change, string? of = null)
    {
        await stage.AskAsync(Step.Get(path, Expected.Miss));
        await stage.AskAsync(Step.Get(path, Expected.Hit));
        await stage.AskAsync(new Step("PATCH", of ?? path, Expected.Forwarded, Body: $"{{{change}}}", Shows: change));
        await stage.AskAsync(Step.Get(path, Expected.Miss, change));
    }
}
