using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace CustomerApi.Data;

/// <summary>
/// The same tenants with their customers, pets, services, staff and reservations in every new file. Customers are numbered from 1 within their tenant, so the same
/// number is another person at another tenant.
/// </summary>
internal static class SeedData
{
    public const int CustomersPerTenant = 300;

    private static readonly DateTimeOffset Start = new(2023, 1, 9, 8, 0, 0, TimeSpan.Zero);

    public static async Task InsertAsync(SqliteTransaction transaction)
    {
        var connection = transaction.Connection!;
        // A fixed seed for each tenant: adding one leaves the others' data as they are.
        for (var tenant = 0; tenant < SeedWords.Tenants.Length; tenant++)
        {
            var (subdomain, name) = SeedWords.Tenants[tenant];
            var random = new Random(2025 + tenant);
            var customers = Enumerable.Range(1, CustomersPerTenant).Select(id => Customer(tenant + 1, id, random)).ToList();
            var pets = customers.SelectMany(customer => Pets(customer, random)).ToList();
            await connection.ExecuteAsync(
                "INSERT INTO tenants VALUES (@Id, @subdomain, @name, @CustomersPerTenant)",
                new { Id = tenant + 1, subdomain, name, CustomersPerTenant }, transaction);
            await connection.ExecuteAsync("""
                INSERT INTO customers VALUES (@TenantId, @Id, @FirstName, @LastName, @Email, @Phone,
                    @Street, @City, @PostalCode, @Notes, @CreatedAt, @UpdatedAt)
                """, customers, transaction);
            await connection.ExecuteAsync("""
                INSERT INTO pets (tenant_id, customer_id, name, species, breed, birth_date)
                VALUES (@TenantId, @CustomerId, @Name, @Species, @Breed, @BirthDate)
                """, pets, transaction);
            await FurtherSeedData.InsertAsync(transaction, tenant + 1, new Random(4050 + tenant));
        }
    }

    private static CustomerSeed Customer(int tenantId, int id, Random random)
    {
        var first = Pick(SeedWords.FirstNames, random);
        var last = Pick(SeedWords.LastNames, random);
        var created = Start.AddMinutes(random.Next(0, 60 * 24 * 900));
        var (city, postalCode) = Pick(SeedWords.Cities, random);
        return new CustomerSeed
        {
            TenantId = tenantId,
            Id = id,
            FirstName = first.Name,
            LastName = last.Name,
            Email = $"{first.Ascii}.{last.Ascii}{id}@example.com".ToLowerInvariant(),
            Phone = string.Create(CultureInfo.InvariantCulture, $"+1-555-{random.Next(100, 200):000}-{random.Next(0, 10000):0000}"),
            Street = $"{random.Next(1, 990)} {Pick(SeedWords.Streets, random)}",
            City = city,
            PostalCode = postalCode,
            Notes = random.Next(4) == 0 ? Pick(SeedWords.Notes, random) : null,
            CreatedAt = Timestamp.Write(created),
            UpdatedAt = Timestamp.Write(created.AddMinutes(random.Next(0, 60 * 24 * 60))),
        };
    }

    private static IEnumerable<PetSeed> Pets(CustomerSeed customer, Random random)
    {
        // One in ten has none yet.
        var count = random.Next(10) == 0 ? 0 : random.Next(1, 4);
        for (var i = 0; i < count; i++)
        {
            var (species, breeds) = Pick(SeedWords.Species, random);
            yield return new PetSeed
            {
                TenantId = customer.TenantId,
                CustomerId = customer.Id,
                Name = Pick(SeedWords.PetNames, random),
                Species = species,
                Breed = Pick(breeds, random),
                BirthDate = Start.AddDays(-random.Next(0, 365 * 12)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            };
        }
    }

    public static T Pick<T>(T[] from, Random random) => from[random.Next(from.Length)];
}
