using CustomerApi.Data;
using CustomerApi.Diagnostics;
using CustomerApi.Tenants;
using Dapper;

namespace CustomerApi.Customers;

/// <summary>The writes. Each is one transaction and returns the new state.</summary>
internal sealed class CustomerCommands(Database database, TimeProvider time)
{
    private const string Returning = """
        RETURNING id AS Id, first_name AS FirstName, last_name AS LastName, email AS Email, phone AS Phone, street AS Street,
            city AS City, postal_code AS PostalCode, notes AS Notes, created_at AS CreatedAt, updated_at AS UpdatedAt
        """;

    public Task<Customer> CreateAsync(Tenant tenant, SubmittedFields fields, CancellationToken stop) =>
        database.WriteAsync(async write =>
        {
            // Counted per tenant, so that no number is given out twice, even after the newest customer was deleted.
            var number = await write.QueryAsync<int>(
                QueryKind.CustomerNumber,
                "UPDATE tenants SET last_customer_id = last_customer_id + 1 WHERE id = @Id RETURNING last_customer_id",
                new { tenant.Id });
            var values = Values(fields, tenant.Id, number[0]);
            var columns = string.Concat(fields.Values.Keys.Select(column => $", {column}"));
            var parameters = string.Concat(fields.Values.Keys.Select(column => $", @{column}"));
            var created = await write.QueryAsync<Customer>(
                QueryKind.CustomerInsert,
                $"""
                INSERT INTO customers (tenant_id, id, created_at, updated_at{columns}) VALUES (@TenantId, @CustomerId, @Now, @Now{parameters})
                {Returning}
                """,
                values);
            return created[0];
        }, stop);

    /// <summary>Changes the given fields only; null when there is no such customer.</summary>
    public Task<Customer?> UpdateAsync(Tenant tenant, int id, SubmittedFields fields, CancellationToken stop) =>
        database.WriteAsync(async write =>
        {
            var values = Values(fields, tenant.Id, id);
            var assignments = string.Concat(fields.Values.Keys.Select(column => $", {column} = @{column}"));
            var updated = await write.QueryAsync<Customer>(
                QueryKind.CustomerUpdate,
                $"UPDATE customers SET updated_at = @Now{assignments} WHERE tenant_id = @TenantId AND id = @CustomerId {Returning}",
                values);
            if (updated.Count == 0)
            {
                return null;
            }

            var pets = await write.QueryAsync<Pet>(
                QueryKind.PetsOfCustomer,
                $"SELECT {CustomerColumns.OfPet} FROM pets WHERE tenant_id = @TenantId AND customer_id = @CustomerId ORDER BY id",
                values);
            return updated[0] with { Pets = pets };
        }, stop);

    /// <summary>False when there is no such customer. The pets go with it.</summary>
    public Task<bool> DeleteAsync(Tenant tenant, int id, CancellationToken stop) =>
        database.WriteAsync(async write => await write.ExecuteAsync(
            QueryKind.CustomerDelete,
            "DELETE FROM customers WHERE tenant_id = @TenantId AND id = @CustomerId",
            new { TenantId = tenant.Id, CustomerId = id }) > 0, stop);

    /// <summary>Null when there is no such customer.</summary>
    public Task<Pet?> AddPetAsync(Tenant tenant, int id, SubmittedFields fields, CancellationToken stop) =>
        database.WriteAsync(async write =>
        {
            var columns = string.Join(", ", fields.Values.Keys);
            var parameters = string.Join(", ", fields.Values.Keys.Select(column => $"@{column}"));
            var added = await write.QueryAsync<Pet>(
                QueryKind.PetInsert,
                $"""
                INSERT INTO pets (tenant_id, customer_id, {columns})
                SELECT tenant_id, id, {parameters} FROM customers WHERE tenant_id = @TenantId AND id = @CustomerId
                RETURNING {CustomerColumns.OfPet}
                """,
                Values(fields, tenant.Id, id));
            return added.Count == 0 ? null : added[0];
        }, stop);

    private DynamicParameters Values(SubmittedFields fields, int tenantId, int customerId)
    {
        var values = new DynamicParameters(new { TenantId = tenantId, CustomerId = customerId, Now = Timestamp.Write(time.GetUtcNow()) });
        foreach (var (column, value) in fields.Values)
        {
            values.Add(column, value);
        }

        return values;
    }
}
