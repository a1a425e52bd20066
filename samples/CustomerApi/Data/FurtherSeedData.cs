using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CustomerApi.Data;

/// <summary>What a tenant has beside customers and pets: services, staff, and reservations of the pets that there are.</summary>
internal static class FurtherSeedData
{
    private const int StaffPerTenant = 12;
    private const int ReservationsPerTenant = 200;

    private static readonly DateTimeOffset Start = new(2025, 11, 3, 8, 0, 0, TimeSpan.Zero);

    public static async Task InsertAsync(SqliteTransaction transaction, int tenantId, Random random)
    {
        var connection = transaction.Connection!;
        await connection.ExecuteAsync(
            """
            INSERT INTO services (tenant_id, name, description, price_cents, duration_minutes)
            VALUES (@TenantId, @Name, @Description, @PriceCents, @DurationMinutes)
            """,
            SeedWords.Services.Select(service => new
            {
                TenantId = tenantId,
                service.Name,
                service.Description,
                PriceCents = service.PriceCents + (100 * random.Next(0, 15)),
                service.DurationMinutes,
            }),
            transaction);
        await connection.ExecuteAsync(
            "INSERT INTO staff (tenant_id, name, role, email, phone) VALUES (@TenantId, @Name, @Role, @Email, @Phone)",
            Enumerable.Range(1, StaffPerTenant).Select(number => Member(tenantId, number, random)),
            transaction);
        await connection.ExecuteAsync(
            """
            INSERT INTO reservations (tenant_id, customer_id, pet_id, service_id, staff_id, starts_at, ends_at, status)
            VALUES (@TenantId, @CustomerId, @PetId, @ServiceId, @StaffId, @StartsAt, @EndsAt, @Status)
            """,
            await ReservationsAsync(transaction, tenantId, random),
            transaction);
    }

    private static object Member(int tenantId, int number, Random random)
    {
        var first = SeedData.Pick(SeedWords.FirstNames, random);
        var last = SeedData.Pick(SeedWords.LastNames, random);
        return new
        {
            TenantId = tenantId,
            Name = $"{first.Name} {last.Name}",
            Role = SeedData.Pick(SeedWords.Roles, random),
            Email = $"{first.Ascii}.{last.Ascii}.{number}@staff.example.com".ToLowerInvariant(),
            Phone = string.Create(CultureInfo.InvariantCulture, $"+1-555-{random.Next(200, 300):000}-{random.Next(0, 10000):0000}"),
        };
    }

    private static async Task<List<object>> ReservationsAsync(SqliteTransaction transaction, int tenantId, Random random)
    {
        var connection = transaction.Connection!;
        var pets = (await connection.QueryAsync<(int Id, int CustomerId)>(
            "SELECT id, customer_id FROM pets WHERE tenant_id = @tenantId ORDER BY id", new { tenantId }, transaction)).ToArray();
        var services = (await connection.QueryAsync<(int Id, int Minutes)>(
            "SELECT id, duration_minutes FROM services WHERE tenant_id = @tenantId ORDER BY id", new { tenantId }, transaction)).ToArray();
        var staff = (await connection.QueryAsync<int>(
            "SELECT id FROM staff WHERE tenant_id = @tenantId ORDER BY id", new { tenantId }, transaction)).ToArray();
        var reservations = new List<object>(ReservationsPerTenant);
        for (var i = 0; i < ReservationsPerTenant; i++)
        {
            var pet = SeedData.Pick(pets, random);
            var service = SeedData.Pick(services, random);
            var starts = Start.AddMinutes(30 * random.Next(0, 60 * 48));
            reservations.Add(new
            {
                TenantId = tenantId,
                pet.CustomerId,
                PetId = pet.Id,
                ServiceId = service.Id,
                StaffId = random.Next(5) == 0 ? (int?)null : SeedData.Pick(staff, random),
                StartsAt = Instant(starts),
                EndsAt = Instant(starts.AddMinutes(service.Minutes)),
                Status = SeedData.Pick(SeedWords.Statuses, random),
            });
        }

        return reservations;
    }

    // As clients write it: to the second.
    private static string Instant(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
