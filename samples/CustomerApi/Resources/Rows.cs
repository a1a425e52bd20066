using CustomerApi.Customers;
using CustomerApi.Data;
using CustomerApi.Diagnostics;
using CustomerApi.Tenants;
using Dapper;

namespace CustomerApi.Resources;

/// <summary>The rows of the tables that <see cref="Resource"/> describes. Each write is one transaction and returns the new state.</summary>
internal sealed class Rows(Database database)
{
    public async Task<T?> FindAsync<T>(Resource resource, Tenant tenant, int id, CancellationToken stop)
        where T : class
    {
        var rows = await database.QueryAsync<T>(
            resource.ById,
            $"SELECT {resource.Columns} FROM {resource.Table} WHERE tenant_id = @TenantId AND id = @Id",
            new { TenantId = tenant.Id, Id = id },
            stop);
        return rows.Count == 0 ? null : rows[0];
    }

    public Task<IReadOnlyList<T>> ListAsync<T>(Resource resource, QueryKind kind, Tenant tenant, CancellationToken stop) =>
        database.QueryAsync<T>(
            kind,
            $"SELECT {resource.Columns} FROM {resource.Table} WHERE tenant_id = @TenantId ORDER BY id",
            new { TenantId = tenant.Id },
            stop);

    public Task<T> CreateAsync<T>(Resource resource, Tenant tenant, SubmittedFields fields, CancellationToken stop)
        where T : class =>
        database.WriteAsync(async write =>
        {
            var columns = string.Concat(fields.Values.Keys.Select(column => $", {column}"));
            var parameters = string.Concat(fields.Values.Keys.Select(column => $", @{column}"));
            var created = await write.QueryAsync<T>(
                resource.Write,
                $"INSERT INTO {resource.Table} (tenant_id{columns}) VALUES (@TenantId{parameters}) RETURNING {resource.Columns}",
                Values(fields, tenant, id: 0));
            return created[0];
        }, stop);

    /// <summary>Changes the given fields only; null when there is no such row.</summary>
    public Task<T?> UpdateAsync<T>(Resource resource, Tenant tenant, int id, SubmittedFields fields, CancellationToken stop)
        where T : class =>
        database.WriteAsync(async write =>
        {
            var assignments = string.Concat(fields.Values.Keys.Select(column => $", {column} = @{column}"));
            var updated = await write.QueryAsync<T>(
                resource.Write,
                $"UPDATE {resource.Table} SET id = id{assignments} WHERE tenant_id = @TenantId AND id = @Id RETURNING {resource.Columns}",
                Values(fields, tenant, id));
            return updated.Count == 0 ? null : updated[0];
        }, stop);

    /// <summary>False when there is no such row.</summary>
    public Task<bool> DeleteAsync(Resource resource, Tenant tenant, int id, CancellationToken stop) =>
        database.WriteAsync(async write => await write.ExecuteAsync(
            resource.Write,
            $"DELETE FROM {resource.Table} WHERE tenant_id = @TenantId AND id = @Id",
            new { TenantId = tenant.Id, Id = id }) > 0, stop);

    private static DynamicParameters Values(SubmittedFields fields, Tenant tenant, int id)
    {
        var values = new DynamicParameters(new { TenantId = tenant.Id, Id = id });
        foreach (var (column, value) in fields.Values)
        {
            values.Add(column, value);
        }

        return values;
    }
}
