namespace CustomerApi.Customers;

/// <summary>A line in a list or a search result.</summary>
internal sealed record CustomerSummary
{
    public int Id { get; init; }
    public string FirstName { get; init; } = "";
    public string LastName { get; init; } = "";
    public string? Email { get; init; }
    public string? Phone { get; init; }
    public string? City { get; init; }
    public int PetCount { get; init; }
}
