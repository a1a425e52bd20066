using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>Tells failures apart by what the client library throws.</summary>
internal static class RedisFailures
{
    // The code begins the error reply; Redis before 7 puts it behind the name of the script that met the error.
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
        RedisRolesException => RedisFailure.NotReady,
        _ => RedisFailure.Disconnected,
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
