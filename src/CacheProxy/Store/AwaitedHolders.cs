using System.Runtime.InteropServices;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// Whom a writer waits for before it acknowledges anything: the holders that its steps have listed, each until it has acknowledged the
/// invalidation or its lease has run out, and those of whom the store cannot know. The one place where evictions wait. That a holder is not
/// listed any more confirms nothing: another writer's list may be how it came off.
/// </summary>
/// <param name="acknowledgements">What holders have said.</param>
/// <param name="channel">By which they are told once more.</param>
internal sealed class AwaitedHolders(Acknowledgements acknowledgements, IReplicaChannel channel) : IDisposable
{
    // A message may be lost. Nearly every acknowledgement takes less than the first; what is lost twice is not likely to get through.
    private static readonly TimeSpan UntilFirstRepeat = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan UntilSecondRepeat = TimeSpan.FromMilliseconds(80);
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    // Made when there is somebody to wait for.
    private Dictionary<(ResourceKey Key, string Replica), Awaited>? _open;
    private TaskCompletionSource? _woken;
    private long _graceEnds;
    private bool _haveLapsed;
    private bool _isDisposed;

    /// <summary>What came of a step. To be called as soon as its reply is there: time is counted from now on.</summary>
    public void Add(ResourceKey key, in WriteStep step)
    {
        if (step.Holders is null && step.Grace <= TimeSpan.Zero)
        {
            return;
        }

        var now = acknowledgements.Time.GetTimestamp();
        lock (acknowledgements.Lock)
        {
            if (_isDisposed)
            {
                return;
            }

            if (step.Grace > TimeSpan.Zero)
            {
                _graceEnds = Math.Max(_graceEnds, After(now, step.Grace));
            }

            foreach (var holder in step.Holders ?? [])
            {
                var place = (key, holder.Replica);
                if (!acknowledgements.Have_NeedsLock(place, holder.Number))
                {
                    Add_NeedsLock(place, holder, now);
                }
            }
        }
    }

    /// <summary>Waits until no holder can serve what was evicted.</summary>
    /// <returns>False when it was cancelled before that: then nothing may be acknowledged.</returns>
    public ValueTask<bool> WaitAsync(CancellationToken cancellation)
    {
        if (_open is null && _graceEnds == 0)
        {
            return new(true);
        }

        lock (acknowledgements.Lock)
        {
            if (IsOver_NeedsLock(acknowledgements.Time.GetTimestamp()))
            {
                return new(true);
            }
        }

        return WaitForThemAsync(cancellation);
    }

    /// <summary>The same for what is not done before that.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async ValueTask WaitOrThrowAsync(AwaitedHolders? awaited, CancellationToken cancellation)
    {
        if (awaited is not null && !await awaited.WaitAsync(cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Whoever is still open is not waited for any more.</summary>
    public void Dispose()
    {
        lock (acknowledgements.Lock)
        {
            _isDisposed = true;
            if (_open is null)
            {
                return;
            }

            foreach (var place in _open.Keys)
            {
                acknowledgements.Unwatch_NeedsLock(place, this);
            }

            _open = null;
        }
    }

    /// <summary>A holder has acknowledged a number: whether it is waited for no longer.</summary>
    public bool IsConfirmed_NeedsLock((ResourceKey Key, string Replica) place, long number)
    {
        if (!_open!.TryGetValue(place, out var awaited) || number <= awaited.Number)
        {
            return false;
        }

        _open.Remove(place);
        if (_open.Count == 0)
        {
            _woken?.TrySetResult();
        }

        return true;
    }

    private void Add_NeedsLock((ResourceKey Key, string Replica) place, in Holder holder, long now)
    {
        _open ??= [];
        ref var awaited = ref CollectionsMarshal.GetValueRefOrAddDefault(_open, place, out var isThere);
        if (!isThere)
        {
            acknowledgements.Watch_NeedsLock(place, this);
            awaited.RepeatAt = After(now, UntilFirstRepeat);
        }

        // Listed by the beginning and by the end: both must be through.
        awaited.Number = isThere ? Math.Max(awaited.Number, holder.Number) : holder.Number;
        awaited.Ends = Math.Max(awaited.Ends, After(now, holder.Left));
    }

    private async ValueTask<bool> WaitForThemAsync(CancellationToken cancellation)
    {
        var time = acknowledgements.Time;
        var began = time.GetTimestamp();
        var due = new List<(ResourceKey Key, string Replica)>();
        await using var timer = time.CreateTimer(static waiting => ((AwaitedHolders)waiting!).Wake(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var forGrace = false;
        while (true)
        {
            var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var now = time.GetTimestamp();
            long next;
            lock (acknowledgements.Lock)
            {
                _woken = woken;
                if (IsOver_NeedsLock(now))
                {
                    break;
                }

                forGrace = _open!.Count == 0;
                next = Next_NeedsLock(now, due);
            }

            foreach (var (key, replica) in due)
            {
                channel.Invalidate(key, replica);
            }

            due.Clear();
            var wait = time.GetElapsedTime(now, next);
            timer.Change(wait > ShortestWait ? wait : ShortestWait, Timeout.InfiniteTimeSpan);
            try
            {
                await woken.Task.WaitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                // Nobody is there any more who would hear of it. The eviction is done all the same.
                acknowledgements.Waits?.Ended(WaitEnd.Left, time.GetElapsedTime(began));
                return false;
            }
        }

        acknowledgements.Waits?.Ended(
            forGrace ? WaitEnd.Grace : _haveLapsed ? WaitEnd.Lapsed : WaitEnd.Acknowledged, time.GetElapsedTime(began));
        return true;
    }

    private void Wake()
    {
        lock (acknowledgements.Lock)
        {
            _woken?.TrySetResult();
        }
    }

    private bool IsOver_NeedsLock(long now)
    {
        foreach (var (place, awaited) in _open ??= [])
        {
            // An entry may be removed while a dictionary is walked through.
            if (awaited.Ends <= now)
            {
                _haveLapsed = true;
                _open.Remove(place);
                acknowledgements.Unwatch_NeedsLock(place, this);
            }
        }

        return _open.Count == 0 && _graceEnds <= now;
    }

    /// <summary>When to look again; until then only an acknowledgement changes anything. Who is to be told once more is added to <paramref name="due"/>.</summary>
    private long Next_NeedsLock(long now, List<(ResourceKey Key, string Replica)> due)
    {
        var next = _graceEnds > now ? _graceEnds : long.MaxValue;
        foreach (var place in _open!.Keys)
        {
            ref var awaited = ref CollectionsMarshal.GetValueRefOrNullRef(_open, place);
            if (awaited.RepeatAt <= now)
            {
                due.Add(place);
                awaited.RepeatAt = awaited.IsRepeated ? long.MaxValue : After(now, UntilSecondRepeat);
                awaited.IsRepeated = true;
            }

            next = Math.Min(next, Math.Min(awaited.Ends, awaited.RepeatAt));
        }

        return next;
    }

    // Rounded up: not a tick too early.
    private long After(long now, TimeSpan span) => now + (long)Math.Ceiling(span.TotalSeconds * acknowledgements.Time.TimestampFrequency);

    private struct Awaited
    {
        /// <summary>What is acknowledged must be above it.</summary>
        public long Number;

        /// <summary>When its lease has run out for certain.</summary>
        public long Ends;

        public long RepeatAt;

        public bool IsRepeated;
    }
}
