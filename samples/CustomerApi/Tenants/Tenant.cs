namespace CustomerApi.Tenants;

/// <summary>Whose data a request is about; the tenant middleware has put it on the request before a handler asks.</summary>
internal sealed record Tenant(int Id, string Subdomain, string Name)
{
    public static ValueTask<Tenant?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Tenant>());
}
