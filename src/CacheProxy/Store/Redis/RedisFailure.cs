namespace CacheProxy.Store.Redis;

/// <summary>In how many ways Redis can fail a step, as far as it makes a difference.</summary>
internal enum RedisFailure
{
    /// <summary>No answer within the request's patience.</summary>
    TimedOut,

    /// <summary>No connection, or it broke.</summary>
    Disconnected,

    /// <summary>It refuses every write: a demoted primary, too few replicas, or it cannot save.</summary>
    RefusesWrites,

    /// <summary>It wants another password, or none was given.</summary>
    NotAuthenticated,

    /// <summary>It is loading its data, the cluster is down, or it is not clear which node is the primary.</summary>
    NotReady,

    /// <summary>It has no memory left for new data. Reading and evicting still work.</summary>
    Full,

    /// <summary>The key is not a hash: somebody else's.</summary>
    ForeignKey,

    /// <summary>It does not know the script's name, and wants its text.</summary>
    ScriptMissing,

    /// <summary>Any other error reply.</summary>
    Refused,
}
