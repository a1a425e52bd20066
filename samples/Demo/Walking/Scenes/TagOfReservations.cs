namespace Demo.Walking.Scenes;

/// <summary>Entries that belong to a tag.</summary>
internal sealed class TagOfReservations : Scene
{
    private static readonly Step First = Step.Get("/api/reservations/101", Expected.Miss);
    private static readonly Step Second = Step.Get("/api/reservations/102", Expected.Miss);
    private static readonly Step Elsewhere = Step.Get("/api/reservations/201", Expected.Miss, tenant: "acme");

    public override string Title => "A write evicts a tag, and with it everything that belongs to it";

    public override string Sentence => "Here each tenant's reservations have a tag, which a write to a pet evicts, for it may be theirs: one command for any number of them.";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["CacheProxy:Policies:reservation:Mode"] = "On",
        ["CacheProxy:Policies:reservation:Tags:0"] = "{tenant}:reservations",
        ["ReverseProxy:Routes:pet:Metadata:Evicts"] = "customer-list, tag:{tenant}:reservations",
    };

    public override async Task PlayAsync(Stage stage)
    {
        foreach (var read in (Step[])[First, Second, Elsewhere])
        {
            await stage.AskAsync(read);
            await stage.AskAsync(read with { Expected = Expected.Hit });
        }

        await stage.AskAsync(new Step("PATCH", "/api/pets/530", Expected.Forwarded, Body: "{\"name\":\"Biela\"}"));
        await stage.AskAsync(First);
        await stage.AskAsync(Second);
        await stage.AskAsync(First with { Expected = Expected.Hit });
        await stage.AskAsync(Elsewhere with { Expected = Expected.Hit });
    }
}
