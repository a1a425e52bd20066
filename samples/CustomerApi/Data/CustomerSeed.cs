namespace CustomerApi.Data;

/// <summary>A generated row of the table customers.</summary>
internal sealed record CustomerSeed
{
    public required int TenantId { get; init; }
    public required int Id { get; init; }
    public required string FirstName { get; init; }
    public required string LastName { get; init; }
    public required string Email { get; init; }
    public required string Phone { get; init; }
    public required string Street { get; init; }
    public required string City { get; init; }
    public required string PostalCode { get; init; }
    public required string? Notes { get; init; }
    public required string CreatedAt { get; init; }
    public required string UpdatedAt { get; init; }
}
