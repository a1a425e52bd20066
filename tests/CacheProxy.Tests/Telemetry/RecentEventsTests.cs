using CacheProxy.Telemetry;
using Microsoft.Extensions.Logging;
using Serilog.Events;
using Xunit;

namespace CacheProxy.Tests.Telemetry;

public sealed class RecentEventsTests
{
    private readonly RecentEvents _recent = new();

    [Fact]
    public void What_the_program_logs_with_an_id_is_remembered_newest_first()
    {
        var log = LoggerOf("CacheProxy.Store.Some");
        log.LogInformation(new EventId(3000), "Redis is available");
        log.LogWarning(new EventId(3001), "Redis is unavailable: {Failure}", "Timeout");

        Assert.Equal(
            [(3001, "Redis is unavailable: Timeout", LogEventLevel.Warning), (3000, "Redis is available", LogEventLevel.Information)],
            _recent.All.Select(static logged => (logged.Id, logged.Text, logged.Level)));
    }

    [Fact]
    public void Events_of_requests_of_libraries_and_without_an_id_are_not()
    {
        LoggerOf("CacheProxy.Store.Some").LogDebug(new EventId(1), "Customer cache hit");
        LoggerOf("Yarp.Something").LogError(new EventId(48), "Something");
        LoggerOf("CacheProxyOther").LogError(new EventId(48), "Something");
        LoggerOf("CacheProxy.Store.Some").LogInformation("Something");

        Assert.Empty(_recent.All);
    }

    [Fact]
    public void Who_changed_something_is_for_the_log_alone()
    {
        LoggerOf("CacheProxy.Management.Some").LogInformation(new EventId(6000), "Change by token {Token}", "1f0c2a9b");

        Assert.Empty(_recent.All);
    }

    [Fact]
    public void The_same_one_again_takes_no_second_place()
    {
        var log = LoggerOf("CacheProxy.Proxy.Some");
        for (var i = 0; i < 3; i++)
        {
            log.LogWarning(new EventId(4000), "The API does not answer");
        }

        var only = Assert.Single(_recent.All);
        Assert.Equal(3, only.Times);
    }

    [Fact]
    public void Only_the_last_ones_are_remembered()
    {
        var log = LoggerOf("CacheProxy.Proxy.Some");
        for (var i = 0; i < RecentEvents.Capacity + 5; i++)
        {
            log.LogWarning(new EventId(4000 + i), "Something");
        }

        Assert.Equal((RecentEvents.Capacity, 4000 + RecentEvents.Capacity + 4), (_recent.All.Length, _recent.All[0].Id));
    }

    private ILogger LoggerOf(string category)
    {
        var setup = new LoggingSetup(new LoggingOptions(
            LogLevels.Absent with { Default = LogEventLevel.Debug, Overrides = new Dictionary<string, LogEventLevel>() }, new Dictionary<string, string>()));
        return LoggerFactory.Create(logging => setup.AddTo(logging.SetMinimumLevel(LogLevel.Trace), readable: false, new Nowhere(), _recent)).CreateLogger(category);
    }

    private sealed class Nowhere : Serilog.Core.ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
        }
    }
}
