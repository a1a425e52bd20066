namespace CustomerApi.Resources;

/// <summary>What a tenant sells.</summary>
internal sealed record Service
{
    public int Id { get; init; }
    public string Name { get; init; } = "";
    public string? Description { get; init; }
    public int PriceCents { get; init; }
    public int DurationMinutes { get; init; }
}
