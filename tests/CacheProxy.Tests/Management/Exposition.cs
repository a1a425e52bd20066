using System.Diagnostics.Metrics;
using System.Text;
using CacheProxy.Management;
using CacheProxy.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace CacheProxy.Tests.Management;

/// <summary>What <c>/metrics</c> would show of instruments that a test makes.</summary>
internal sealed class Exposition : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly PrometheusText _text;

    public Exposition() => _text = new PrometheusText(Meters);

    public IMeterFactory Meters => _services.GetRequiredService<IMeterFactory>();

    public Meter Meter => Meters.Create(CacheProxyMeter.Name);

    /// <summary>The lines now.</summary>
    public async Task<string[]> ReadAsync()
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        await _text.AnswerAsync(context);
        return Encoding.UTF8.GetString(body.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    public void Dispose()
    {
        _text.Dispose();
        _services.Dispose();
    }
}
