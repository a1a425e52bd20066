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

/// <summary>What a tenant sells.</summary>
internal sealed record Service
{
    public int Id { get; init; }
    public string Name { get; init; } = "";
    public string? Description { get; init; }
    public int PriceCents { get; init; }
    public int DurationMinutes { get; init; }
}

internal sealed record StaffMember
{
    public int Id { get; init; }
    public string Name { get; init; } = "";
    public string Role { get; init; } = "";
    public string? Email { get; init; }
    public string? Phone { get; init; }
}

/// <summary>StartsAt and EndsAt are ISO 8601, UTC.</summary>
internal sealed record Reservation
{
    public int Id { get; init; }
    public int CustomerId { get; init; }
    public int PetId { get; init; }
    public int ServiceId { get; init; }
    public int? StaffId { get; init; }
    public string StartsAt { get; init; } = "";
    public string EndsAt { get; init; } = "";
    public string Status { get; init; } = "";
}
