namespace Demo.Walking;

/// <summary>What the walk asks. The parts use different customers, except where one shows what an earlier one left.</summary>
internal static class Script
{
    private const string Customer = "/api/customers/123";
    private const string List = "/api/customers?page=2&pageSize=5";
    private const string Search = "/api/customers/search?q=garcia";
    private const string NewName = "\"firstName\":\"Updated\"";
    private const string NewPet = "\"name\":\"Comet\"";

    /// <summary>Before anything is counted, at a customer of another tenant that nothing else asks for.</summary>
    public static readonly Step WarmUp = Step.Get("/api/customers/1", Expected.Hit, tenant: "barkside");

    /// <summary>One of each further kind, so that the walk's times are not those of code that runs for the first time.</summary>
    public static readonly Step[] FurtherWarmUps =
    [
        WarmUp with { Method = "PUT", Body = $"{{{NewName}}}" },
        WarmUp with { Method = "POST", Path = $"{WarmUp.Path}/pets", Body = $"{{{NewPet},\"species\":\"dog\"}}" },
        WarmUp with { Path = List },
        WarmUp with { Path = Search },
        WarmUp,
    ];

    public static readonly Step[] FourSteps =
    [
        Step.Get(Customer, Expected.Miss),
        Step.Get(Customer, Expected.Hit),
        new("PUT", Customer, Expected.Forwarded, Body: $"{{{NewName}}}", Shows: NewName),
        Step.Get(Customer, Expected.Miss, NewName),
    ];

    public static readonly Step[] Beyond =
    [
        Step.Get(List, Expected.Forwarded),
        Step.Get(List, Expected.Forwarded),
        Step.Get(Search, Expected.Forwarded),
        Step.Get(Search, Expected.Forwarded),
        Step.Get(Customer, Expected.Miss, "\"firstName\":\"Chen\"", tenant: "acme"),
        Step.Get(Customer, Expected.Hit, NewName),
        new("POST", $"{Customer}/pets", Expected.Forwarded, Body: $"{{{NewPet},\"species\":\"dog\"}}", Shows: NewPet),
        Step.Get(Customer, Expected.Miss, NewPet),
        Step.Get(Customer, Expected.Hit, NewPet),
    ];

    public static readonly Step[] ProfileViews = Views(from: 200, customers: 1, views: 5);

    public static readonly Step[] CheckIn = Views(from: 210, customers: 10, views: 25);

    /// <summary>The customers in turn, until all views are done: the first view of each is the miss.</summary>
    private static Step[] Views(int from, int customers, int views) =>
        Enumerable.Range(0, views)
            .Select(view => Step.Get(
                $"/api/customers/{from + (view % customers)}", view < customers ? Expected.Miss : Expected.Hit))
            .ToArray();
}
