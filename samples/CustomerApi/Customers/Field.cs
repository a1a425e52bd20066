namespace CustomerApi.Customers;

/// <summary>A field that a client may write: its JSON name, its column, whether it must have a value, whether it is a date.</summary>
internal sealed record Field(string Name, string Column, bool Required = false, bool IsDate = false)
{
    public static readonly Field[] OfCustomer =
    [
        new("firstName", "first_name", Required: true),
        new("lastName", "last_name", Required: true),
        new("email", "email"),
        new("phone", "phone"),
        new("street", "street"),
        new("city", "city"),
        new("postalCode", "postal_code"),
        new("notes", "notes"),
    ];

    public static readonly Field[] OfPet =
    [
        new("name", "name", Required: true),
        new("species", "species", Required: true),
        new("breed", "breed"),
        new("birthDate", "birth_date", IsDate: true),
    ];
}
