namespace CustomerApi.Resources;

/// <summary>A pet as /api/pets shows it: with its customer's number. BirthDate is yyyy-MM-dd.</summary>
internal sealed record PetOfCustomer
{
    public int Id { get; init; }
    public int CustomerId { get; init; }
    public string Name { get; init; } = "";
    public string Species { get; init; } = "";
    public string? Breed { get; init; }
    public string? BirthDate { get; init; }
}
