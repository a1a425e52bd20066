using Xunit;

namespace CacheProxy.Tests.Telemetry;

public sealed class LogEventTests
{
    [Fact]
    public void No_log_event_id_is_used_twice()
    {
        Assert.NotEmpty(LogEvents.OfTheProgram);
        Assert.Equal(
            [],
            LogEvents.OfTheProgram
                .GroupBy(static logged => logged.EventId)
                .Where(static group => group.Count() > 1)
                .Select(static group => $"{group.Key}: {string.Join(", ", group.Select(static logged => logged.Message))}"));
    }

    // The attribute says -1 where no id is given.
    [Fact]
    public void Every_log_event_has_an_id() => Assert.All(LogEvents.OfTheProgram, static logged => Assert.InRange(logged.EventId, 1, int.MaxValue));

    // A native binary has no properties to read there. The project file counts on this.
    [Fact]
    public void No_log_event_takes_an_object_apart() =>
        Assert.All(LogEvents.OfTheProgram, static logged => Assert.DoesNotContain("{@", logged.Message, StringComparison.Ordinal));
}
