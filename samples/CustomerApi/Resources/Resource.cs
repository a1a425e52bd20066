using CustomerApi.Customers;
using CustomerApi.Diagnostics;

namespace CustomerApi.Resources;

/// <summary>A table of a tenant's rows that clients read and write by id: where it is, what it shows, what may be written.</summary>
/// <param name="Path">The path of the collection.</param>
/// <param name="Name">What one of it is called in a problem.</param>
/// <param name="Table">The table; each has the columns id and tenant_id.</param>
/// <param name="Columns">The columns in the names of the API.</param>
/// <param name="Fields">What clients may write.</param>
/// <param name="ById">How reading one is counted.</param>
/// <param name="Write">How writing is counted.</param>
internal sealed record Resource(string Path, string Name, string Table, string Columns, Field[] Fields, QueryKind ById, QueryKind Write)
{
    public static readonly Resource Pet = new(
        "/api/pets",
        "pet",
        "pets",
        "id AS Id, customer_id AS CustomerId, name AS Name, species AS Species, breed AS Breed, birth_date AS BirthDate",
        [new("customerId", "customer_id", Required: true, FieldKind.Number), .. Field.OfPet],
        QueryKind.PetById,
        QueryKind.PetWrite);

    public static readonly Resource Service = new(
        "/api/services",
        "service",
        "services",
        "id AS Id, name AS Name, description AS Description, price_cents AS PriceCents, duration_minutes AS DurationMinutes",
        [
            new("name", "name", Required: true),
            new("description", "description"),
            new("priceCents", "price_cents", Required: true, FieldKind.Number),
            new("durationMinutes", "duration_minutes", Required: true, FieldKind.Number),
        ],
        QueryKind.ServiceById,
        QueryKind.ServiceWrite);

    public static readonly Resource Staff = new(
        "/api/staff",
        "member of staff",
        "staff",
        "id AS Id, name AS Name, role AS Role, email AS Email, phone AS Phone",
        [new("name", "name", Required: true), new("role", "role", Required: true), new("email", "email"), new("phone", "phone")],
        QueryKind.StaffById,
        QueryKind.StaffWrite);

    public static readonly Resource Reservation = new(
        "/api/reservations",
        "reservation",
        "reservations",
        """
        id AS Id, customer_id AS CustomerId, pet_id AS PetId, service_id AS ServiceId, staff_id AS StaffId,
        starts_at AS StartsAt, ends_at AS EndsAt, status AS Status
        """,
        [
            new("customerId", "customer_id", Required: true, FieldKind.Number),
            new("petId", "pet_id", Required: true, FieldKind.Number),
            new("serviceId", "service_id", Required: true, FieldKind.Number),
            new("staffId", "staff_id", Kind: FieldKind.Number),
            new("startsAt", "starts_at", Required: true, FieldKind.Instant),
            new("endsAt", "ends_at", Required: true, FieldKind.Instant),
            new("status", "status", Required: true),
        ],
        QueryKind.ReservationById,
        QueryKind.ReservationWrite);
}
