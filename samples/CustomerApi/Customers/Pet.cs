namespace CustomerApi.Customers;

/// <summary>A pet as the API shows it. BirthDate is yyyy-MM-dd.</summary>
internal sealed record Pet
{
    public int Id { get; init; }
    public string Name { get; init; } = "";
    public string Species { get; init; } = "";
    public string? Breed { get; init; }
    public string? BirthDate { get; init; }
}
