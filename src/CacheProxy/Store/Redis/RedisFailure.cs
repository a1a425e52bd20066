using System.Net.Sockets;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>How a step can fail on Redis, as far as the difference matters.</summary>
internal enum RedisFailure
{
    /// <summary>No answer within the time that the request had left.</summary>
    TimedOut,

    /// <summary>No connection, or it broke.</summary>
    Disconnected,

    /// <summary>It rejects every write: a demoted primary, too few replicas, or it cannot save.</summary>
    RefusesWrites,

    /// <summary>It requires a password and was given none.</summary>
    PasswordMissing,

    /// <summary>It rejects user or password. An error reply does not tell this from the two others; <see cref="RedisDiagnosis"/> does.</summary>
    PasswordWrong,

    /// <summary>It rejects a password that it accepted before.</summary>
    PasswordChanged,

    /// <summary>Its certificate is not trusted, or is for another name.</summary>
    CertificateUntrusted,

    /// <summary>Its port speaks TLS and the connection does not.</summary>
    TlsRequired,

    /// <summary>The connection speaks TLS and its port does not.</summary>
    TlsNotSpoken,

    /// <summary>Its ACL denies a command or a key.</summary>
    CommandDenied,

    /// <summary>It is loading its data, the cluster is down, or it is not clear which node is the primary.</summary>
    NotReady,

    /// <summary>It has no memory left for new data. Reading and evicting still work.</summary>
    Full,

    /// <summary>The key is not a hash, so it belongs to another program.</summary>
    ForeignKey,

    /// <summary>It does not know the script's hash and needs its text.</summary>
    ScriptMissing,

    /// <summary>Any other error reply.</summary>
    Refused,

    /// <summary>A mistake in this program. It says nothing about Redis.</summary>
    Unexpected,
}

/// <summary>Classifies what the client library throws.</summary>
internal static class RedisFailures
{
    // An error reply starts with its code. Redis before 7 puts the name of the script that met the error before the code.
    private static readonly (string Code, RedisFailure Failure)[] Codes =
    [
        ("NOSCRIPT", RedisFailure.ScriptMissing),
        ("WRONGTYPE", RedisFailure.ForeignKey),
        ("OOM", RedisFailure.Full),
        ("READONLY", RedisFailure.RefusesWrites),
        ("NOREPLICAS", RedisFailure.RefusesWrites),
        ("MISCONF", RedisFailure.RefusesWrites),
        ("NOAUTH", RedisFailure.PasswordWrong),
        ("WRONGPASS", RedisFailure.PasswordWrong),
        ("NOPERM", RedisFailure.CommandDenied),
        ("LOADING", RedisFailure.NotReady),
        ("BUSY", RedisFailure.NotReady),
        ("MASTERDOWN", RedisFailure.NotReady),
        ("CLUSTERDOWN", RedisFailure.NotReady),
    ];

    public static RedisFailure Classify(Exception exception) => exception switch
    {
        RedisServerException error => Classify(error.Message),
        TimeoutException => RedisFailure.TimedOut,
        NoSinglePrimaryException => RedisFailure.NotReady,
        // What the client library and the sockets beneath it throw; a client that is being closed is no connection either.
        RedisException or RedisCommandException or IOException or SocketException or ObjectDisposedException or OperationCanceledException =>
            RedisFailure.Disconnected,
        AggregateException { InnerException: { } inner } => Classify(inner),
        _ => RedisFailure.Unexpected,
    };

    /// <summary>Whether one step that fails so speaks for all of Redis.</summary>
    public static bool ConcernsAll(RedisFailure failure) => failure is RedisFailure.TimedOut or RedisFailure.RefusesWrites
        or RedisFailure.PasswordMissing or RedisFailure.PasswordWrong or RedisFailure.PasswordChanged;

    /// <summary>Whether one step that fails so speaks for the node of its key. Neither: for itself alone.</summary>
    public static bool ConcernsNode(RedisFailure failure) => failure is RedisFailure.Disconnected or RedisFailure.NotReady
        or RedisFailure.CertificateUntrusted or RedisFailure.TlsRequired or RedisFailure.TlsNotSpoken;

    private static RedisFailure Classify(string message)
    {
        // Since Redis 7 a script's own command is denied without a code.
        if (message.Contains("The user executing the script can't run", StringComparison.Ordinal))
        {
            return RedisFailure.CommandDenied;
        }

        foreach (var (code, failure) in Codes)
        {
            if (message.StartsWith(code, StringComparison.Ordinal) ||
                message.Contains(": -" + code, StringComparison.Ordinal) ||
                message.Contains(": " + code, StringComparison.Ordinal))
            {
                return failure;
            }
        }

        return RedisFailure.Refused;
    }
}

/// <summary>Logs error replies after which Redis still counts as available: each kind at most once a minute.</summary>
internal sealed class RefusalReports(RedisDiagnosis diagnosis, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<RedisFailure, long> _reported = [];

    public void Report(RedisFailure failure, Exception exception, RedisScript? script)
    {
        if (failure is not (RedisFailure.Full or RedisFailure.ForeignKey or RedisFailure.CommandDenied or RedisFailure.Refused))
        {
            return;
        }

        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (_reported.TryGetValue(failure, out var last) && time.GetElapsedTime(last, now) < Pause)
            {
                return;
            }

            _reported[failure] = now;
        }

        var trouble = diagnosis.Of(failure, exception, script);
        logger.RedisRefuses(trouble.Failure, trouble.Endpoint, trouble.Advice);
    }
}

/// <summary>Logs that Redis is unavailable: once an outage, and once more where it turns out that waiting does not end it.</summary>
internal sealed class OutageReports(ILogger logger)
{
    private RedisTrouble? _reported;

    public RedisTrouble? Reported => Volatile.Read(ref _reported);

    public void Report(RedisTrouble trouble)
    {
        var reported = Interlocked.CompareExchange(ref _reported, trouble, null);
        if (reported is null)
        {
            logger.RedisUnavailable(trouble.Failure, trouble.Endpoint, trouble.Advice);
        }
        else if (trouble.IsRefusal && trouble.Failure != reported.Failure && Interlocked.CompareExchange(ref _reported, trouble, reported) == reported)
        {
            logger.RedisStaysUnavailable(trouble.Failure, trouble.Endpoint, trouble.Advice);
        }
    }

    /// <returns>What was reported of the outage; to <see cref="Resume"/>, should it not be over.</returns>
    public RedisTrouble? End() => Interlocked.Exchange(ref _reported, null);

    public void Resume(RedisTrouble? reported) => Volatile.Write(ref _reported, reported);
}

/// <summary>
/// Keeps requests away from a Redis that does not answer. While it is closed, steps go to Redis; while it is open, every step is
/// <c>Unavailable</c> at once. Only a probe closes it, never a request. It begins open, because nothing is known about Redis yet.
/// </summary>
internal sealed class RedisBreaker
{
    private const int MaxTimeouts = 3;

    private readonly Lock _lock = new();
    private readonly Action<RedisFailure> _opened;
    private volatile bool _closed;
    private volatile int _timeouts;
    private volatile int _breaks;

    /// <param name="opened">Called at every change from closed to open, outside any lock.</param>
    public RedisBreaker(Action<RedisFailure> opened) => _opened = opened;

    public bool IsClosed => _closed;

    /// <summary>Counts failures other than timeouts. If it grew during a probe, the probe may have asked a Redis that has been replaced since.</summary>
    public int Breaks => _breaks;

    public void Succeeded()
    {
        if (_timeouts != 0)
        {
            _timeouts = 0;
        }
    }

    /// <summary>A step failed in a way that concerns Redis as a whole.</summary>
    public void Failed(RedisFailure failure)
    {
        lock (_lock)
        {
            _breaks += failure == RedisFailure.TimedOut ? 0 : 1;
            if (!_closed || (failure == RedisFailure.TimedOut && ++_timeouts < MaxTimeouts))
            {
                return;
            }

            _closed = false;
            _timeouts = 0;
        }

        _opened(failure);
    }

    /// <param name="breaks"><see cref="Breaks"/> before the probe. If it has grown since, the breaker stays open and the result is false.</param>
    public bool TryClose(int breaks)
    {
        lock (_lock)
        {
            if (_breaks != breaks)
            {
                return false;
            }

            _timeouts = 0;
            _closed = true;
            return true;
        }
    }
}
