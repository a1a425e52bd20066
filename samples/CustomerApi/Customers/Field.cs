namespace CustomerApi.Customers;

/// <summary>A field that a client may write: its JSON name, its column, whether it must have a value, and of which kind.</summary>
internal sealed record Field(string Name, string Column, bool Required = false, FieldKind Kind = FieldKind.Text)
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
        new("birthDate", "birth_date", Kind: FieldKind.Date),
    ];
}

internal enum FieldKind
{
    Text,

    /// <summary>Such as 2024-05-31.</summary>
    Date,

    /// <summary>An instant in UTC, such as 2024-05-31T09:30:00Z.</summary>
    Instant,

    /// <summary>A whole number, not negative.</summary>
    Number,
}
