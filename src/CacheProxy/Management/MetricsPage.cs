using System.Globalization;
using System.Text;
using CacheProxy.Telemetry;

namespace CacheProxy.Management;

/// <summary>
/// The page <c>/metrics</c>: what OpenTelemetry's exporter for Prometheus writes, and the series of tenants. In the text format; where requests
/// are traced, whoever asks for it gets OpenMetrics, which has room for an example of a trace.
/// </summary>
internal static class MetricsPage
{
    public const string Path = "/metrics";

    private const string OpenMetrics = "application/openmetrics-text; version=1.0.0";
    private const string EndOfOpenMetrics = "# EOF\n";

    public static RequestDelegate Create(IServiceProvider services)
    {
        var exporter = new ApplicationBuilder(services)
            .UseOpenTelemetryPrometheusScrapingEndpoint(static _ => true)
            .Build();
        var tenants = services.GetService<TenantTable>() is { Counts: true } table ? table : null;
        var traced = services.GetService<TelemetryExports>() is { AreTraced: true };
        return context =>
        {
            // A Prometheus asks for OpenMetrics first. In that format each counter and histogram brings one more series, NAME_created,
            // and the bucket of a second is le="1.0".
            context.Request.Headers.Accept = traced && AsksForOpenMetrics(context.Request.Headers) ? OpenMetrics : "text/plain";
            return tenants is null ? exporter(context) : WithTenantsAsync(context, exporter, tenants);
        };
    }

    private static bool AsksForOpenMetrics(IHeaderDictionary headers) =>
        headers.Accept.ToString().Contains("application/openmetrics-text", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// The series of tenants come and go, and OpenTelemetry keeps a place for each that it has ever seen, until none is left for new ones.
    /// So they are written here.
    /// </summary>
    private static async Task WithTenantsAsync(HttpContext context, RequestDelegate exporter, TenantTable tenants)
    {
        // What is to be added to cannot be compressed already.
        context.Request.Headers.AcceptEncoding = default;
        var body = context.Response.Body;
        using var page = new MemoryStream();
        context.Response.Body = page;
        try
        {
            await exporter(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        if (context.Response.StatusCode == StatusCodes.Status200OK)
        {
            Append(page, tenants.Read());
        }

        context.Response.ContentLength = page.Length;
        await body.WriteAsync(page.GetBuffer().AsMemory(0, (int)page.Length), context.RequestAborted);
    }

    private static void Append(MemoryStream page, TenantRequests[] tenants)
    {
        var isOpenMetrics = page.GetBuffer().AsSpan(0, (int)page.Length).EndsWith(Encoding.UTF8.GetBytes(EndOfOpenMetrics));
        if (isOpenMetrics)
        {
            page.SetLength(page.Length - EndOfOpenMetrics.Length);
        }

        // The name of a counter without its ending, in OpenMetrics.
        var family = isOpenMetrics ? "cacheproxy_tenants_requests" : "cacheproxy_tenants_requests_total";
        var text = new StringBuilder()
            .Append("# TYPE ").Append(family).Append(" counter\n")
            .Append("# HELP ").Append(family).Append(" Safe requests on cached routes, by tenant (the busiest; * is all others) and outcome\n");
        foreach (var tenant in tenants)
        {
            Append(text, tenant.Tenant, "hit", tenant.Hits);
            Append(text, tenant.Tenant, "stale", tenant.Stale);
            Append(text, tenant.Tenant, "collapsed", tenant.Collapsed);
            Append(text, tenant.Tenant, "fill", tenant.Fills);
            Append(text, tenant.Tenant, "forward", tenant.Forwards);
        }

        page.Position = page.Length;
        page.Write(Encoding.UTF8.GetBytes(text.Append(isOpenMetrics ? EndOfOpenMetrics : "").ToString()));
    }

    // A tenant is a DNS label: nothing in it needs to be escaped.
    private static void Append(StringBuilder text, string tenant, string outcome, long count) => text.Append(
        CultureInfo.InvariantCulture, $"cacheproxy_tenants_requests_total{{tenant=\"{tenant}\",outcome=\"{outcome}\"}} {count}\n");
}
