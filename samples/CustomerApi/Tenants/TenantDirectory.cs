using System.Collections.Frozen;
using CustomerApi.Data;
using CustomerApi.Diagnostics;

namespace CustomerApi.Tenants;

/// <summary>The tenants by subdomain, read once at the start: this API changes their names at most.</summary>
internal sealed class TenantDirectory(Database database)
{
    private FrozenDictionary<string, Tenant> _bySubdomain = FrozenDictionary<string, Tenant>.Empty;

    public async Task LoadAsync(CancellationToken stop)
    {
        var rows = await database.QueryAsync<TenantRow>(
            QueryKind.TenantList, "SELECT id AS Id, subdomain AS Subdomain, name AS Name FROM tenants", null, stop);
        _bySubdomain = rows.ToFrozenDictionary(
            row => row.Subdomain, row => new Tenant(row.Id, row.Subdomain, row.Name), StringComparer.OrdinalIgnoreCase);
    }

    public Tenant? Find(string subdomain) => _bySubdomain.GetValueOrDefault(subdomain);

    private sealed class TenantRow
    {
        public int Id { get; init; }
        public string Subdomain { get; init; } = "";
        public string Name { get; init; } = "";
    }
}
