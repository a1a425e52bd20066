namespace CustomerApi.Tenants;

/// <summary>The tenant whose data a request is about. The tenant middleware sets it before a handler runs.</summary>
internal sealed record Tenant(int Id, string Subdomain, string Name)
{
    public static ValueTask<Tenant?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Tenant>());
}
