using System.Diagnostics.Metrics;
using System.Text;
using CacheProxy.Management;
using CacheProxy.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace CacheProxy.Tests.Management;

/// <summary>What <c>/metrics</c> would show of instruments that a test makes.</summary>
internal sealed class Exposition : IDisposable
{
    private readonly ServiceProvider _services;
    private readonly RequestDelegate _page;

    /// <param name="tenants">What is counted of them.</param>
    public Exposition(TenantTable? tenants = null)
    {
        var services = new ServiceCollection().AddLogging();
        MetricsSetup.AddTo(services, TelemetryExports.None);
        if (tenants is not null)
        {
            services.AddSingleton(tenants);
        }

        _services = services.BuildServiceProvider();
        _page = MetricsPage.Create(_services);
        // The part of a host's start with which measuring begins.
        _services.GetRequiredService<IStartupValidator>().Validate();
    }

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public Meter Meter => Meters.Create(CacheProxyMeter.Name);

    /// <summary>The lines now.</summary>
    public Task<string[]> ReadAsync(string accept = "*/*") => ReadAsync(_page, accept);

    /// <summary>The lines of a page now.</summary>
    public static async Task<string[]> ReadAsync(RequestDelegate page, string accept = "*/*")
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Request.Method = HttpMethods.Get;
        context.Request.Headers.Accept = accept;
        context.Response.Body = body;
        await page(context);
        return Encoding.UTF8.GetString(body.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose() => _services.Dispose();
}
