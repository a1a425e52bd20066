using System.Runtime.CompilerServices;
using System.Threading.Tasks.Sources;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>
/// Gives up calls to Redis that are not answered in time. One timer looks at all of them every few milliseconds, and only while there are
/// any: a timer and a promise of its own cost each call 200 bytes. So a call waits up to <see cref="Grain"/> longer than it may, and never less.
/// </summary>
internal sealed class RedisDeadlines : IDisposable
{
    public static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private PendingCall? _first;
    private bool _isRunning;
    private bool _isDisposed;

    public RedisDeadlines(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(static state => ((RedisDeadlines)state!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Add(PendingCall call, TimeSpan timeout)
    {
        call.Deadline = _time.GetTimestamp() + (long)(timeout.TotalSeconds * _time.TimestampFrequency);
        lock (_lock)
        {
            call.Following = _first;
            if (_first is not null)
            {
                _first.Preceding = call;
            }

            _first = call;
            call.IsWaiting = true;
            if (!_isRunning && !_isDisposed)
            {
                _isRunning = true;
                _timer.Change(Grain, Grain);
            }
        }
    }

    /// <summary>The call is answered. False when it was given up before: then nobody waits for the answer.</summary>
    public bool TryEnd(PendingCall call)
    {
        lock (_lock)
        {
            return TryEnd_NeedsLock(call);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer.Dispose();
        }
    }

    /// <summary>Redis's answer, or a <see cref="TimeoutException"/>.</summary>
    public Task<T> WaitAsync<T>(Task<T> answer, TimeSpan timeout)
    {
        if (answer.IsCompleted)
        {
            return answer;
        }

        var call = new LibraryCall<T>(this, answer);
        Add(call, timeout);
        call.Start();
        return call.Answer;
    }

    private bool TryEnd_NeedsLock(PendingCall call)
    {
        if (!call.IsWaiting)
        {
            return false;
        }

        call.IsWaiting = false;
        if (call.Preceding is { } preceding)
        {
            preceding.Following = call.Following;
        }
        else
        {
            _first = call.Following;
        }

        if (call.Following is { } following)
        {
            following.Preceding = call.Preceding;
        }

        call.Preceding = call.Following = null;
        return true;
    }

    private void Sweep()
    {
        var now = _time.GetTimestamp();
        PendingCall? given = null;
        lock (_lock)
        {
            for (var call = _first; call is not null;)
            {
                var following = call.Following;
                if (call.Deadline <= now && TryEnd_NeedsLock(call))
                {
                    call.Following = given;
                    given = call;
                }

                call = following;
            }

            if (_first is null && given is null && !_isDisposed)
            {
                _isRunning = false;
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }

        for (; given is not null; given = given.Following)
        {
            given.GiveUp();
        }
    }

    private sealed class LibraryCall<T>(RedisDeadlines deadlines, Task<T> answer) : PendingCall
    {
        private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<T> Answer => _completion.Task;

        public void Start() => answer.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(End);

        public override void GiveUp() => _completion.TrySetException(new TimeoutException());

        private void End()
        {
            // Read in any case: an exception that nobody reads is reported as lost.
            _ = answer.Exception;
            if (deadlines.TryEnd(this))
            {
                _completion.TrySetFromTask(answer);
            }
        }
    }
}

/// <summary>A call that somebody waits for, in the list of those.</summary>
internal abstract class PendingCall
{
    public long Deadline { get; set; }

    public bool IsWaiting { get; set; }

    public PendingCall? Preceding { get; set; }

    public PendingCall? Following { get; set; }

    /// <summary>Its time is over. Called once at most, and never after it has been answered.</summary>
    public abstract void GiveUp();
}

/// <summary>What is read of one reply, for the one that waits for it. It is used again: who has read it disposes of it.</summary>
internal sealed class WireCall(RedisWire? wire) : PendingCall, IValueTaskSource<WireCall>, IThreadPoolWorkItem, IDisposable
{
    /// <summary>The item of a reply that is long, and that somebody keeps: it has an array of its own.</summary>
    public const int BodyItem = 4;

    private const int MostItems = BodyItem + 1;
    private const int MostKeptBytes = 8 * 1024;
    private const int Null = -1;

    private ManualResetValueTaskSourceCore<WireCall> _completion;
    private byte[] _bytes = new byte[1024];
    private int _length;
    private Items _items;

    /// <summary>What the client library has read.</summary>
    public static WireCall Of(RedisValue[] values, bool isList)
    {
        var call = new WireCall(wire: null) { IsList = isList };
        for (var item = 0; item < values.Length; item++)
        {
            if (values[item].IsNull)
            {
                call.TakeNull(item);
            }
            else if (item == BodyItem)
            {
                call.Body = (byte[]?)values[item];
            }
            else
            {
                values[item].CopyTo(call.Take(item, values[item].GetByteCount()).Span);
            }
        }

        return call;
    }

    public ValueTask<WireCall> Answer => new(this, _completion.Version);

    public WireCall? Next { get; set; }

    /// <summary>The error that Redis replied with.</summary>
    public string? Error { get; set; }

    public bool IsList { get; set; }

    public byte[]? Body { get; private set; }

    public void ThrowIfError()
    {
        if (Error is not null)
        {
            throw new RedisServerException(default, CommandFlags.None, Error);
        }
    }

    public bool Has(int item) => _items[item].Length != Null;

    public ReadOnlySpan<byte> this[int item] => _items[item] is { Length: > 0 } taken ? _bytes.AsSpan(taken.Start, taken.Length) : default;

    public Memory<byte> Take(int item, int length)
    {
        if (item >= MostItems)
        {
            throw new IOException("Redis answered more than was asked.");
        }

        if (item == BodyItem)
        {
            Body = GC.AllocateUninitializedArray<byte>(length);
            return Body;
        }

        if (length > _bytes.Length - _length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + length));
        }

        _items[item] = (_length, length);
        _length += length;
        return _bytes.AsMemory(_length - length, length);
    }

    public void TakeNull(int item) => _items[item < MostItems ? item : throw new IOException("Redis answered more than was asked.")] = (0, Null);

    public void Execute() => _completion.SetResult(this);

    public override void GiveUp() => Break(new TimeoutException());

    public void Break(Exception failure)
    {
        _completion.RunContinuationsAsynchronously = true;
        _completion.SetException(failure);
    }

    /// <summary>Only after an answer: the reply to a call that was given up is still to come.</summary>
    public void Dispose()
    {
        _completion.Reset();
        _length = 0;
        _items = default;
        Error = null;
        IsList = false;
        Body = null;
        if (_bytes.Length > MostKeptBytes)
        {
            _bytes = new byte[1024];
        }

        wire?.GiveBack(this);
    }

    WireCall IValueTaskSource<WireCall>.GetResult(short token) => _completion.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<WireCall>.GetStatus(short token) => _completion.GetStatus(token);

    void IValueTaskSource<WireCall>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _completion.OnCompleted(continuation, state, token, flags);

    [InlineArray(MostItems)]
    private struct Items
    {
        private (int Start, int Length) _first;
    }
}
