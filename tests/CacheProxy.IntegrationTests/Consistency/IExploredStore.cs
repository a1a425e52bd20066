using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>A store whose time the explorer holds in its hands. One resource, one explorer.</summary>
internal interface IExploredStore
{
    ICacheStore Store { get; }

    ResourceKey Key { get; }

    /// <summary>The clock of those who use the store; it goes with the store's.</summary>
    FakeTimeProvider Time { get; }

    ValueTask DeleteAsync();

    /// <summary>Whether there is one entry and neither lease nor fence.</summary>
    ValueTask<bool> HoldsNothingButTheEntryAsync();

    /// <summary>Lets time pass; says whether the store then still holds anything of the resource.</summary>
    ValueTask<bool> AdvanceAsync(TimeSpan time);
}

/// <summary>A store that can lose what it was told.</summary>
internal interface IRestartedStore : IExploredStore
{
    /// <summary>It saves what it holds.</summary>
    ValueTask SaveAsync();

    /// <summary>It forgets everything, or returns to what it saved.</summary>
    ValueTask LoseAsync(bool withMemory);

    /// <summary>From now on its replication id is not known.</summary>
    void Doubt();

    /// <summary>It has a new replication id, which is known.</summary>
    void Learn();
}
