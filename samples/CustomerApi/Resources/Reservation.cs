namespace CustomerApi.Resources;

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
