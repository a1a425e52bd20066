using System.Globalization;
using CustomerApi.Tenants;
using Microsoft.AspNetCore.Http.HttpResults;

namespace CustomerApi.Customers;

internal static class CustomerEndpoints
{
    private const int DefaultPageSize = 25;
    private const int MaxPageSize = 100;

    public static void MapCustomers(this IEndpointRouteBuilder app)
    {
        var customers = app.MapGroup("/api/customers");
        customers.MapGet("/", ListAsync);
        customers.MapPost("/", CreateAsync);
        customers.MapGet("/search", SearchAsync);
        customers.MapMethods("/{id}", [HttpMethods.Get, HttpMethods.Head], FindAsync);
        customers.MapMethods("/{id}", [HttpMethods.Put, HttpMethods.Patch], UpdateAsync);
        customers.MapDelete("/{id}", DeleteAsync);
        customers.MapPost("/{id}/pets", AddPetAsync);
    }

    private static async Task<IResult> FindAsync(string id, Tenant tenant, CustomerQueries customers, CancellationToken stop)
    {
        var customer = TryParseId(id, out var number) ? await customers.FindAsync(tenant, number, stop) : null;
        return customer is null ? UnknownCustomer() : TypedResults.Ok(customer);
    }

    private static async Task<IResult> ListAsync(
        Tenant tenant, CustomerQueries customers, CancellationToken stop, int page = 1, int pageSize = DefaultPageSize)
    {
        if (page < 1 || pageSize is < 1 or > MaxPageSize)
        {
            return Invalid($"'page' begins at 1, 'pageSize' goes from 1 to {MaxPageSize}.");
        }

        return TypedResults.Ok(await customers.ListAsync(tenant, page, pageSize, stop));
    }

    private static async Task<IResult> SearchAsync(Tenant tenant, CustomerQueries customers, CancellationToken stop, string? q = null)
    {
        if (string.IsNullOrWhiteSpace(q))
        {
            return Invalid("'q' says what to search for, e.g. /api/customers/search?q=garcia");
        }

        return TypedResults.Ok(await customers.SearchAsync(tenant, q.Trim(), stop));
    }

    private static async Task<IResult> CreateAsync(
        HttpRequest request, Tenant tenant, CustomerCommands customers, CancellationToken stop)
    {
        var (fields, problem) = await SubmittedFields.ReadAsync(request, Field.OfCustomer, allRequired: true, stop);
        if (fields is null)
        {
            return Invalid(problem!);
        }

        var customer = await customers.CreateAsync(tenant, fields, stop);
        return TypedResults.Created($"/api/customers/{customer.Id}", customer);
    }

    private static async Task<IResult> UpdateAsync(
        string id, HttpRequest request, Tenant tenant, CustomerCommands customers, CancellationToken stop)
    {
        var (fields, problem) = await SubmittedFields.ReadAsync(request, Field.OfCustomer, allRequired: false, stop);
        if (fields is null)
        {
            return Invalid(problem!);
        }

        var customer = TryParseId(id, out var number) ? await customers.UpdateAsync(tenant, number, fields, stop) : null;
        return customer is null ? UnknownCustomer() : TypedResults.Ok(customer);
    }

    private static async Task<IResult> DeleteAsync(string id, Tenant tenant, CustomerCommands customers, CancellationToken stop)
    {
        var deleted = TryParseId(id, out var number) && await customers.DeleteAsync(tenant, number, stop);
        return deleted ? TypedResults.NoContent() : UnknownCustomer();
    }

    private static async Task<IResult> AddPetAsync(
        string id, HttpRequest request, Tenant tenant, CustomerCommands customers, CancellationToken stop)
    {
        var (fields, problem) = await SubmittedFields.ReadAsync(request, Field.OfPet, allRequired: true, stop);
        if (fields is null)
        {
            return Invalid(problem!);
        }

        var pet = TryParseId(id, out var number) ? await customers.AddPetAsync(tenant, number, fields, stop) : null;
        return pet is null ? UnknownCustomer() : TypedResults.Created($"/api/customers/{number}", pet);
    }

    /// <summary>One spelling for each customer: no sign, no leading zero, no blanks.</summary>
    public static bool TryParseId(string text, out int id) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id) && text[0] != '0';

    private static ProblemHttpResult UnknownCustomer() => TypedResults.Problem(
        "The tenant has no customer with this id.", statusCode: StatusCodes.Status404NotFound, title: "Unknown customer");

    public static ProblemHttpResult Invalid(string detail) => TypedResults.Problem(
        detail, statusCode: StatusCodes.Status400BadRequest, title: "Invalid request");
}
