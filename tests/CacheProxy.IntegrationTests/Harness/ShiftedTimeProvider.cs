namespace CacheProxy.IntegrationTests.Harness;

/// <summary>
/// A machine whose wall clock is wrong by so much. Its timers and its monotonic clock are the system's; those of a FakeTimeProvider
/// would stand still.
/// </summary>
internal sealed class ShiftedTimeProvider(TimeSpan by) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
}
