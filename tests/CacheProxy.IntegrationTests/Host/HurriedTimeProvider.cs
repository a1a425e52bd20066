namespace CacheProxy.IntegrationTests.Host;

/// <summary>
/// The system's clock, whose timers come fifty times as soon: a test waits for what a timer causes, never for the time. With a
/// FakeTimeProvider it would have to guess when to advance.
/// </summary>
internal sealed class HurriedTimeProvider : TimeProvider
{
    private const int Hurry = 50;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        base.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

    private static TimeSpan Sooner(TimeSpan time) => time > TimeSpan.Zero ? time / Hurry : time;
}
