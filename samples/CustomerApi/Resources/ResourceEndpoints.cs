using CustomerApi.Customers;
using CustomerApi.Diagnostics;
using CustomerApi.Tenants;
using Microsoft.Data.Sqlite;

namespace CustomerApi.Resources;

/// <summary>Pets, services, staff and reservations: what a customer API has beside its customers.</summary>
internal static class ResourceEndpoints
{
    private const int ConstraintViolated = 19;

    public static void MapResources(this IEndpointRouteBuilder app)
    {
        Map<PetOfCustomer>(app, Resource.Pet);
        Map<Service>(app, Resource.Service).MapGet("/", (Tenant tenant, Rows rows, CancellationToken stop) =>
            ListAsync<Service>(Resource.Service, QueryKind.ServiceList, tenant, rows, stop));
        Map<StaffMember>(app, Resource.Staff).MapGet("/", (Tenant tenant, Rows rows, CancellationToken stop) =>
            ListAsync<StaffMember>(Resource.Staff, QueryKind.StaffList, tenant, rows, stop));
        Map<Reservation>(app, Resource.Reservation);
    }

    private static RouteGroupBuilder Map<T>(IEndpointRouteBuilder app, Resource resource)
        where T : class
    {
        var group = app.MapGroup(resource.Path);
        group.MapMethods("/{id}", [HttpMethods.Get, HttpMethods.Head], (string id, Tenant tenant, Rows rows, CancellationToken stop) =>
            FindAsync<T>(resource, id, tenant, rows, stop));
        group.MapPost("/", (HttpRequest request, Tenant tenant, Rows rows, CancellationToken stop) =>
            CreateAsync<T>(resource, request, tenant, rows, stop));
        group.MapMethods(
            "/{id}",
            [HttpMethods.Put, HttpMethods.Patch],
            (string id, HttpRequest request, Tenant tenant, Rows rows, CancellationToken stop) =>
                UpdateAsync<T>(resource, id, request, tenant, rows, stop));
        group.MapDelete("/{id}", (string id, Tenant tenant, Rows rows, CancellationToken stop) =>
            DeleteAsync(resource, id, tenant, rows, stop));
        return group;
    }

    private static async Task<IResult> FindAsync<T>(Resource resource, string id, Tenant tenant, Rows rows, CancellationToken stop)
        where T : class
    {
        var row = CustomerEndpoints.TryParseId(id, out var number) ? await rows.FindAsync<T>(resource, tenant, number, stop) : null;
        return row is null ? Unknown(resource) : TypedResults.Ok(row);
    }

    private static async Task<IResult> ListAsync<T>(Resource resource, QueryKind kind, Tenant tenant, Rows rows, CancellationToken stop) =>
        TypedResults.Ok(await rows.ListAsync<T>(resource, kind, tenant, stop));

    private static async Task<IResult> CreateAsync<T>(
        Resource resource, HttpRequest request, Tenant tenant, Rows rows, CancellationToken stop)
        where T : class
    {
        var (fields, problem) = await SubmittedFields.ReadAsync(request, resource.Fields, allRequired: true, stop);
        if (fields is null)
        {
            return CustomerEndpoints.Invalid(problem!);
        }

        return await CheckedAsync(async () =>
        {
            var created = await rows.CreateAsync<T>(resource, tenant, fields, stop);
            var id = typeof(T).GetProperty("Id")!.GetValue(created);
            return TypedResults.Created($"{resource.Path}/{id}", created);
        });
    }

    private static async Task<IResult> UpdateAsync<T>(
        Resource resource, string id, HttpRequest request, Tenant tenant, Rows rows, CancellationToken stop)
        where T : class
    {
        var (fields, problem) = await SubmittedFields.ReadAsync(request, resource.Fields, allRequired: false, stop);
        if (fields is null)
        {
            return CustomerEndpoints.Invalid(problem!);
        }

        return await CheckedAsync(async () =>
        {
            var row = CustomerEndpoints.TryParseId(id, out var number)
                ? await rows.UpdateAsync<T>(resource, tenant, number, fields, stop)
                : null;
            return row is null ? Unknown(resource) : TypedResults.Ok(row);
        });
    }

    private static Task<IResult> DeleteAsync(Resource resource, string id, Tenant tenant, Rows rows, CancellationToken stop) =>
        CheckedAsync(async () =>
            CustomerEndpoints.TryParseId(id, out var number) && await rows.DeleteAsync(resource, tenant, number, stop)
                ? TypedResults.NoContent()
                : Unknown(resource));

    // A foreign key to what the tenant does not have, or to what is still needed.
    private static async Task<IResult> CheckedAsync(Func<Task<IResult>> act)
    {
        try
        {
            return await act();
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode == ConstraintViolated)
        {
            return TypedResults.Problem(
                "It names something that the tenant does not have, or something else still needs it.",
                statusCode: StatusCodes.Status409Conflict,
                title: "Conflict");
        }
    }

    private static IResult Unknown(Resource resource) => TypedResults.Problem(
        $"The tenant has no {resource.Name} with this id.", statusCode: StatusCodes.Status404NotFound, title: $"Unknown {resource.Name}");
}
