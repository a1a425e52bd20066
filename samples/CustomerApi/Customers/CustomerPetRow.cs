namespace CustomerApi.Customers;

/// <summary>A row of the join: the customer again for each pet, once with null for the pet when there is none.</summary>
internal sealed record CustomerPetRow
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
    public int? PetId { get; init; }
    public string? PetName { get; init; }
    public string? PetSpecies { get; init; }
    public string? PetBreed { get; init; }
    public string? PetBirthDate { get; init; }

    public static Customer? ToCustomer(IReadOnlyList<CustomerPetRow> rows)
    {
        if (rows.Count == 0)
        {
            return null;
        }

        var customer = rows[0];
        return new Customer
        {
            Id = customer.Id,
            FirstName = customer.FirstName,
            LastName = customer.LastName,
            Email = customer.Email,
            Phone = customer.Phone,
            Street = customer.Street,
            City = customer.City,
            PostalCode = customer.PostalCode,
            Notes = customer.Notes,
            CreatedAt = customer.CreatedAt,
            UpdatedAt = customer.UpdatedAt,
            Pets = rows.Where(row => row.PetId is not null).Select(row => row.ToPet()).ToList(),
        };
    }

    private Pet ToPet() => new()
    {
        Id = PetId!.Value,
        Name = PetName!,
        Species = PetSpecies!,
        Breed = PetBreed,
        BirthDate = PetBirthDate,
    };
}
