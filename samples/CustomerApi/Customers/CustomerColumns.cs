namespace CustomerApi.Customers;

/// <summary>The columns in the names of the API; c is the table customers.</summary>
internal static class CustomerColumns
{
    public const string OfCustomer = """
        c.id AS Id, c.first_name AS FirstName, c.last_name AS LastName, c.email AS Email, c.phone AS Phone,
        c.street AS Street, c.city AS City, c.postal_code AS PostalCode, c.notes AS Notes,
        c.created_at AS CreatedAt, c.updated_at AS UpdatedAt
        """;

    public const string OfPet = "id AS Id, name AS Name, species AS Species, breed AS Breed, birth_date AS BirthDate";
}
