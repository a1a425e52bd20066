namespace CustomerApi.Data;

/// <summary>A generated row of the table pets.</summary>
internal sealed record PetSeed
{
    public required int TenantId { get; init; }
    public required int CustomerId { get; init; }
    public required string Name { get; init; }
    public required string Species { get; init; }
    public required string Breed { get; init; }
    public required string BirthDate { get; init; }
}
