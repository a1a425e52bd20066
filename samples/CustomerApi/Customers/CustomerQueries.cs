using CustomerApi.Data;
using CustomerApi.Diagnostics;
using CustomerApi.Tenants;

namespace CustomerApi.Customers;

/// <summary>The reads.</summary>
internal sealed class CustomerQueries(Database database)
{
    /// <summary>The most that a search answers with.</summary>
    public const int SearchLimit = 50;

    private const string ById = $"""
        SELECT {CustomerColumns.OfCustomer},
               p.id AS PetId, p.name AS PetName, p.species AS PetSpecies, p.breed AS PetBreed, p.birth_date AS PetBirthDate
        FROM customers c
        LEFT JOIN pets p ON p.tenant_id = c.tenant_id AND p.customer_id = c.id
        WHERE c.tenant_id = @TenantId AND c.id = @CustomerId
        ORDER BY p.id
        """;

    private const string SelectSummary = """
        SELECT c.id AS Id, c.first_name AS FirstName, c.last_name AS LastName, c.email AS Email, c.phone AS Phone, c.city AS City,
               (SELECT COUNT(*) FROM pets p WHERE p.tenant_id = c.tenant_id AND p.customer_id = c.id) AS PetCount
        FROM customers c
        """;

    public async Task<Customer?> FindAsync(Tenant tenant, int id, CancellationToken stop)
    {
        var rows = await database.QueryAsync<CustomerPetRow>(
            QueryKind.CustomerById, ById, new { TenantId = tenant.Id, CustomerId = id }, stop);
        return CustomerPetRow.ToCustomer(rows);
    }

    public async Task<CustomerPage> ListAsync(Tenant tenant, int page, int pageSize, CancellationToken stop)
    {
        var total = await database.QueryAsync<long>(
            QueryKind.CustomerCount, "SELECT COUNT(*) FROM customers WHERE tenant_id = @Id", new { tenant.Id }, stop);
        var items = await database.QueryAsync<CustomerSummary>(
            QueryKind.CustomerList,
            $"{SelectSummary} WHERE c.tenant_id = @Id ORDER BY c.id LIMIT @pageSize OFFSET @Offset",
            new { tenant.Id, pageSize, Offset = (page - 1L) * pageSize },
            stop);
        return new CustomerPage(items, page, pageSize, total[0]);
    }

    public async Task<SearchResult> SearchAsync(Tenant tenant, string q, CancellationToken stop)
    {
        var items = await database.QueryAsync<CustomerSummary>(
            QueryKind.CustomerSearch,
            $"""
            {SelectSummary} WHERE c.tenant_id = @Id
                AND (c.first_name || ' ' || c.last_name LIKE @Pattern ESCAPE '\' OR c.email LIKE @Pattern ESCAPE '\')
            ORDER BY c.last_name, c.first_name, c.id LIMIT @SearchLimit
            """,
            new { tenant.Id, Pattern = $"%{EscapeLike(q)}%", SearchLimit },
            stop);
        return new SearchResult(q, items);
    }

    private static string EscapeLike(string text) => text.Replace(@"\", @"\\").Replace("%", @"\%").Replace("_", @"\_");
}
