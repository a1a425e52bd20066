using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Store;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>What is wrong with an explored system. An explorer that finds nothing wrong with it is worth nothing.</summary>
internal class CopyDamage
{
    public static CopyDamage None { get; } = new();

    /// <summary>What is wrong with the scripts.</summary>
    public virtual SharedStoreDamage OfScripts => SharedStoreDamage.None;

    /// <summary>What a replica takes for the store.</summary>
    public virtual ICacheStore OfStore(ICacheStore store) => store;

    /// <summary>What a replica takes for the time.</summary>
    public virtual TimeProvider OfTime(FakeTimeProvider time, SteppedStore store) => time;
}
