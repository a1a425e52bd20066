using Microsoft.Extensions.Time.Testing;
namespace CacheProxy.Tests.Harness;

/// <summary>
/// A fake clock for code with one sleeper. It says how long until that one wakes, which <see cref="FakeTimeProvider"/> keeps to itself.
/// </summary>
internal sealed class SleeperTimeProvider : FakeTimeProvider
{
    private long _due;

    /// <summary>How long until the sleeper wakes; null when nobody sleeps.</summary>
    public TimeSpan? NextDue => Interlocked.Read(ref _due) - GetTimestamp() is > 0 and var left ? TimeSpan.FromTicks(left) : null;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new NotedTimer(this, base.CreateTimer(callback, state, dueTime, period));
        Note(dueTime);
        return timer;
    }

    private void Note(TimeSpan dueTime) => Interlocked.Exchange(ref _due, GetTimestamp() + dueTime.Ticks);

    private sealed class NotedTimer(SleeperTimeProvider time, ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            time.Note(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
