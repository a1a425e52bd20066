namespace CustomerApi.Customers;

/// <summary>A customer as the API shows it. CreatedAt and UpdatedAt are ISO 8601, UTC.</summary>
internal sealed record Customer
{
    public int Id { get; init; }
    public string FirstName { get; init; } = "";
    public string LastName { get; init; } = "";
    public string? Email { get; init; }
    public string? Phone { get; init; }
    public string? Street { get; init; }
    public string? City { get; init; }
    public string? PostalCode { get; init; }
    public string? Notes { get; init; }
    public string CreatedAt { get; init; } = "";
    public string UpdatedAt { get; init; } = "";
    public IReadOnlyList<Pet> Pets { get; init; } = [];
}
