namespace CustomerApi.Tenants;

/// <summary>Everything under /api belongs to the tenant that the header names. If there is no such tenant, the answer is 400.</summary>
internal sealed class TenantMiddleware(RequestDelegate next, TenantDirectory tenants)
{
    private const string Header = "X-Tenant-Subdomain";

    public Task InvokeAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/api"))
        {
            return next(context);
        }

        var values = context.Request.Headers[Header];
        if (values.Count != 1 || string.IsNullOrWhiteSpace(values[0]))
        {
            return Refuse(context, "No tenant", $"Send the header {Header} once, e.g. '{Header}: demo'.");
        }

        if (tenants.Find(values[0]!.Trim()) is not { } tenant)
        {
            return Refuse(context, "Unknown tenant", $"No tenant has the subdomain that {Header} names.");
        }

        context.Features.Set(tenant);
        return next(context);
    }

    private static Task Refuse(HttpContext context, string title, string detail) =>
        TypedResults.Problem(detail, statusCode: StatusCodes.Status400BadRequest, title: title).ExecuteAsync(context);
}
