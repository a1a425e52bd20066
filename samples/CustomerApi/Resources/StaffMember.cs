namespace CustomerApi.Resources;

internal sealed record StaffMember
{
    public int Id { get; init; }
    public string Name { get; init; } = "";
    public string Role { get; init; } = "";
    public string? Email { get; init; }
    public string? Phone { get; init; }
}
