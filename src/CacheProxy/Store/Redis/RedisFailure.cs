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

    /// <summary>The password is wrong or missing.</summary>
    NotAuthenticated,

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
        ("NOAUTH", RedisFailure.NotAuthenticated),
        ("WRONGPASS", RedisFailure.NotAuthenticated),
        ("LOADING", RedisFailure.NotReady),
        ("BUSY", RedisFailure.NotReady),
        ("MASTERDOWN", RedisFailure.NotReady),
        ("CLUSTERDOWN", RedisFailure.NotReady),
    ];

    public static RedisFailure Classify(Exception exception) => exception switch
    {
        RedisServerException error => Classify(error.Message),
        RedisConnectionException { FailureType: ConnectionFailureType.AuthenticationFailure } => RedisFailure.NotAuthenticated,
        TimeoutException => RedisFailure.TimedOut,
        NoSinglePrimaryException => RedisFailure.NotReady,
        // What the client library and the sockets beneath it throw; a client that is being closed is no connection either.
        RedisException or RedisCommandException or IOException or SocketException or ObjectDisposedException or OperationCanceledException =>
            RedisFailure.Disconnected,
        AggregateException { InnerException: { } inner } => Classify(inner),
        _ => RedisFailure.Unexpected,
    };

    private static RedisFailure Classify(string message)
    {
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
internal sealed class RefusalReports(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<RedisFailure, long> _reported = [];

    public void Report(RedisFailure failure)
    {
        if (failure is not (RedisFailure.Full or RedisFailure.ForeignKey or RedisFailure.Refused))
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

        logger.RedisRefuses(failure);
    }
}

/// <summary>Lets through at most one report a minute.</summary>
internal sealed class OncePerMinute(TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _last;

    public bool IsDue()
    {
        var now = time.GetTimestamp();
        lock (_lock)
        {
            if (_last is { } last && time.GetElapsedTime(last, now) < Pause)
            {
                return false;
            }

            _last = now;
            return true;
        }
    }
}
