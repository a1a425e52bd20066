namespace CacheProxy.IntegrationTests.Harness;

/// <summary>
/// The system's monotonic clock, which can be made to leap ahead. Timers take no notice, so that no wait for a real Redis runs out; a
/// FakeTimeProvider would fire them.
/// </summary>
internal sealed class LeapingTimeProvider : TimeProvider
{
    private long _leapt;

    public override long GetTimestamp() => System.GetTimestamp() + Interlocked.Read(ref _leapt);

    public void Leap(TimeSpan by) => Interlocked.Add(ref _leapt, (long)(by.TotalSeconds * TimestampFrequency));
}
