namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>A complete CacheProxy that clients of a run talk to.</summary>
internal interface ILongRunHost
{
    HttpClient Client { get; }

    /// <summary>Evictions that it could not tell Redis yet.</summary>
    int PendingEvictions { get; }

    /// <summary>Whether one of them is of this customer.</summary>
    bool HasPendingEviction(string customer);

    /// <summary>Whether it may be gone at any moment, so that nobody is surprised by a connection that breaks.</summary>
    bool MayBeGone { get; }

    /// <summary>Whether what its clients read comes from the cache, sooner or later.</summary>
    bool Caches => true;
}
