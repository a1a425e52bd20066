using CustomerApi.Customers;
using CustomerApi.Data;
using CustomerApi.Diagnostics;

namespace CustomerApi.Tenants;

/// <summary>A tenant's own metadata, which front ends ask for at every start.</summary>
internal static class TenantEndpoints
{
    private const string Path = "/api/tenants/by-subdomain/{subdomain}";
    private const string Columns = "id AS Id, subdomain AS Subdomain, name AS Name";

    private static readonly Field[] Fields = [new("name", "name", Required: true)];

    public static void MapTenants(this IEndpointRouteBuilder app)
    {
        app.MapMethods(Path, [HttpMethods.Get, HttpMethods.Head], FindAsync);
        app.MapMethods(Path, [HttpMethods.Put, HttpMethods.Patch], RenameAsync);
    }

    private static async Task<IResult> FindAsync(string subdomain, Tenant tenant, Database database, CancellationToken stop)
    {
        var rows = subdomain == tenant.Subdomain
            ? await database.QueryAsync<TenantMetadata>(
                QueryKind.TenantBySubdomain, $"SELECT {Columns} FROM tenants WHERE subdomain = @subdomain", new { subdomain }, stop)
            : [];
        return rows.Count == 0 ? Unknown() : TypedResults.Ok(rows[0]);
    }

    private static async Task<IResult> RenameAsync(
        string subdomain, HttpRequest request, Tenant tenant, Database database, CancellationToken stop)
    {
        var (fields, problem) = await SubmittedFields.ReadAsync(request, Fields, allRequired: true, stop);
        if (fields is null)
        {
            return CustomerEndpoints.Invalid(problem!);
        }

        if (subdomain != tenant.Subdomain)
        {
            return Unknown();
        }

        var renamed = await database.WriteAsync(
            write => write.QueryAsync<TenantMetadata>(
                QueryKind.TenantWrite,
                $"UPDATE tenants SET name = @Name WHERE subdomain = @subdomain RETURNING {Columns}",
                new { subdomain, Name = fields.Values["name"] }),
            stop);
        return TypedResults.Ok(renamed[0]);
    }

    // To a tenant, the others do not exist.
    private static IResult Unknown() => TypedResults.Problem(
        "This is not the subdomain of the tenant that asks.", statusCode: StatusCodes.Status404NotFound, title: "Unknown tenant");
}

/// <summary>A tenant as the API shows it.</summary>
internal sealed record TenantMetadata
{
    public int Id { get; init; }
    public string Subdomain { get; init; } = "";
    public string Name { get; init; } = "";
}
