using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CacheProxy.Store.Redis;

/// <summary>
/// A connection of our own to one node, for the commands that requests wait for; everything else is the client library's. Commands are
/// written one after the other and answered in that order. It never reconnects: once broken it stays so, and with it every call on it.
/// docs/decisions/0015-redis-client.md says what it saves.
/// </summary>
internal sealed class RedisWire : IDisposable
{
    private const int BufferBytes = 32 * 1024;
    private const int MostKeptBytes = 256 * 1024;
    private const int MostKeptCalls = 256;
    // With as many calls under way others are about to be written, too: one send for all of them.
    private const int Crowd = 4;

    private readonly Stream _stream;
    private readonly RedisDeadlines _deadlines;
    private readonly RespReader _replies = new();
    private readonly Action _onReceived;
    private readonly WaitCallback _onFlush;
    private readonly Lock _lock = new();
    private readonly Queue<WireCall> _pending = [];
    private Action? _broken;
    private WireCall? _free;
    private int _freeCalls;
    private RespWriter _filling = new(BufferBytes);
    private RespWriter _sending = new(BufferBytes);
    private bool _isFlushing;
    private volatile Exception? _failure;
    private WireCall? _reader;
    private WireCall? _answered;
    private ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _receiving;

    /// <param name="stream">A connection on which nothing has been said yet.</param>
    /// <param name="deadlines">Of its calls.</param>
    /// <param name="broken">Called when the connection breaks, before its calls fail.</param>
    public RedisWire(Stream stream, RedisDeadlines deadlines, Action broken)
    {
        _stream = stream;
        _deadlines = deadlines;
        _broken = broken;
        _onReceived = OnReceived;
        _onFlush = _ => _ = FlushAsync();
        Receive();
    }

    public bool IsOpen => _failure is null;

    /// <summary>Sends a command. Whoever has read the answer disposes of it.</summary>
    public ValueTask<WireCall> SendAsync<TCommand>(in TCommand command, TimeSpan timeout)
        where TCommand : struct, IRedisCommand
    {
        WireCall call;
        bool flushes;
        lock (_lock)
        {
            if (_failure is { } failure)
            {
                throw new IOException("There is no connection.", failure);
            }

            command.WriteTo(_filling);
            _filling.Commit();
            call = TakeFree_NeedsLock() ?? new WireCall(this);
            _pending.Enqueue(call);
            _deadlines.Add(call, timeout);
            flushes = !_isFlushing;
            _isFlushing = true;
        }

        if (!flushes)
        {
            // Whoever flushes sends it as well.
        }
        else if (_pending.Count >= Crowd)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_onFlush, null);
        }
        else
        {
            _ = FlushAsync();
        }

        return call.Answer;
    }

    /// <summary>Closes it without telling anybody but its calls.</summary>
    public void Dispose()
    {
        _broken = null;
        Fail(new ObjectDisposedException(nameof(RedisWire)));
    }

    public void GiveBack(WireCall call)
    {
        lock (_lock)
        {
            if (_freeCalls < MostKeptCalls)
            {
                _freeCalls++;
                call.Next = _free;
                _free = call;
            }
        }
    }

    private WireCall? TakeFree_NeedsLock()
    {
        if (_free is not { } call)
        {
            return null;
        }

        _freeCalls--;
        _free = call.Next;
        call.Next = null;
        return call;
    }

    private async Task FlushAsync()
    {
        try
        {
            while (true)
            {
                lock (_lock)
                {
                    _sending.Clear(MostKeptBytes);
                    if (_filling.Written.Length == 0)
                    {
                        _isFlushing = false;
                        return;
                    }

                    (_filling, _sending) = (_sending, _filling);
                }

                await _stream.WriteAsync(_sending.Written);
            }
        }
        catch (Exception exception)
        {
            // The connection is broken, and with it every call.
            Fail(exception);
        }
    }

    /// <summary>
    /// Waits for more from Redis. What has been answered goes on in between: the last of it here, which saves waking a thread for it, but only
    /// when somebody else is ready to receive, so that it keeps no other answer waiting.
    /// </summary>
    private void Receive()
    {
        while (true)
        {
            ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter receiving;
            var answered = _answered;
            _answered = null;
            try
            {
                receiving = Awaiter(_stream.ReadAsync(_replies.Space));
                if (!receiving.IsCompleted)
                {
                    _receiving = receiving;
                    receiving.UnsafeOnCompleted(_onReceived);
                    GoOn(answered, here: true);
                    return;
                }
            }
            catch (Exception exception)
            {
                // It was closed meanwhile.
                Fail(exception);
                GoOn(answered, here: false);
                return;
            }

            GoOn(answered, here: false);
            if (!TryRead(receiving))
            {
                return;
            }
        }
    }

    private static ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter Awaiter(ValueTask<int> reading) =>
        reading.ConfigureAwait(false).GetAwaiter();

    private void OnReceived()
    {
        if (TryRead(_receiving))
        {
            Receive();
        }
    }

    private bool TryRead(ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter receiving)
    {
        try
        {
            _replies.Received(receiving.GetResult());
            while (TryTakeReader(out var reader) && _replies.TryRead(reader))
            {
                lock (_lock)
                {
                    _pending.TryDequeue(out _);
                }

                _reader = null;
                if (_deadlines.TryEnd(reader))
                {
                    reader.Next = _answered;
                    _answered = reader;
                }
            }

            return true;
        }
        catch (Exception exception)
        {
            // The connection is broken, or this is no Redis: every call fails.
            Fail(exception);
            GoOn(_answered, here: false);
            return false;
        }
    }

    /// <summary>The call that what comes next answers; it stays among the pending ones until it is answered whole.</summary>
    private bool TryTakeReader([NotNullWhen(true)] out WireCall? reader)
    {
        if (_reader is null && !_replies.IsEmpty)
        {
            lock (_lock)
            {
                if (!_pending.TryPeek(out _reader))
                {
                    throw new IOException("Redis answered what nobody asked.", _failure);
                }
            }
        }

        reader = _reader;
        return reader is not null;
    }

    /// <summary>Lets those go on that wait for these answers, the last to be answered on this thread.</summary>
    private static void GoOn(WireCall? calls, bool here)
    {
        var inline = here ? calls : null;
        for (var call = here ? calls?.Next : calls; call is not null;)
        {
            var next = call.Next;
            call.Next = null;
            ThreadPool.UnsafeQueueUserWorkItem(call, preferLocal: false);
            call = next;
        }

        if (inline is not null)
        {
            inline.Next = null;
            inline.Execute();
        }
    }

    private void Fail(Exception failure)
    {
        WireCall[] calls;
        lock (_lock)
        {
            if (_failure is not null)
            {
                return;
            }

            _failure = failure;
            calls = [.. _pending];
            _pending.Clear();
        }

        _stream.Dispose();
        _broken?.Invoke();
        foreach (var call in calls)
        {
            if (_deadlines.TryEnd(call))
            {
                call.Break(failure);
            }
        }
    }
}
