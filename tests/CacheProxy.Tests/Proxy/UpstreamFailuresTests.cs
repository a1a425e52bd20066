using CacheProxy.Proxy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Tests.Proxy;

public sealed class UpstreamFailuresTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger<UpstreamFailures> _log = new();
    private readonly UpstreamFailures _failures;
    private ForwarderError _error;
    private string? _destination = "primary";

    public UpstreamFailuresTests() => _failures = new UpstreamFailures(
        Fail, new UpstreamMetrics(_services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()), _time, _log);

    [Fact]
    public async Task A_destination_and_a_reason_are_logged_once_a_minute()
    {
        await FailAsync(ForwarderError.RequestTimedOut);
        await FailAsync(ForwarderError.RequestTimedOut);
        Assert.Equal(1, _log.Collector.Count);

        await FailAsync(ForwarderError.ResponseBodyDestination);
        Assert.Equal(2, _log.Collector.Count);

        await FailAsync(ForwarderError.RequestTimedOut, destination: "secondary");
        Assert.Equal(3, _log.Collector.Count);

        _time.Advance(TimeSpan.FromSeconds(59));
        await FailAsync(ForwarderError.RequestTimedOut);
        Assert.Equal(3, _log.Collector.Count);

        _time.Advance(TimeSpan.FromSeconds(1));
        await FailAsync(ForwarderError.RequestTimedOut);
        Assert.Equal(4, _log.Collector.Count);
    }

    [Fact]
    public async Task Without_an_available_destination_the_cluster_is_named()
    {
        var context = await FailAsync(ForwarderError.NoAvailableDestinations, destination: null);

        Assert.Equal("cacheproxy; error=destination_unavailable", context.Response.Headers["Proxy-Status"]);
        Assert.Equal(4001, _log.LatestRecord.Id.Id);
        Assert.Contains("api", _log.LatestRecord.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_went_away_is_not_reported()
    {
        var context = await FailAsync(ForwarderError.RequestCanceled);

        Assert.False(context.Response.Headers.ContainsKey("Proxy-Status"));
        Assert.Equal(0, _log.Collector.Count);
    }

    public void Dispose() => _services.Dispose();

    private async Task<HttpContext> FailAsync(ForwarderError error, string? destination = "primary")
    {
        (_error, _destination) = (error, destination);
        var context = new DefaultHttpContext();
        await _failures.Invoke(context);
        return context;
    }

    private Task Fail(HttpContext context)
    {
        var cluster = new ClusterConfig { ClusterId = "api" };
        context.Features.Set<IForwarderErrorFeature>(new Failure(_error, null));
        context.Features.Set<IReverseProxyFeature>(new ReverseProxyFeature
        {
            Route = null!,
            Cluster = new ClusterModel(cluster, new HttpMessageInvoker(new SocketsHttpHandler())),
            AllDestinations = [],
            AvailableDestinations = [],
            ProxiedDestination = _destination is null
                ? null
                : new DestinationState(_destination, new DestinationModel(new DestinationConfig { Address = $"http://{_destination}/" })),
        });
        return Task.CompletedTask;
    }

    private sealed record Failure(ForwarderError Error, Exception? Exception) : IForwarderErrorFeature;
}
