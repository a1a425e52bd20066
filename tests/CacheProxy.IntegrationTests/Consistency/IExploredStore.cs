using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>A store whose time the explorer holds in its hands. One resource, one explorer.</summary>
internal interface IExploredStore
{
    ICacheStore Store { get; }

    ResourceKey Key { get; }

    ValueTask DeleteAsync();

    /// <summary>Whether there is one entry and neither lease nor fence.</summary>
    ValueTask<bool> HoldsNothingButTheEntryAsync();

    /// <summary>Lets time pass; says whether the store then still holds anything of the resource.</summary>
    ValueTask<bool> AdvanceAsync(TimeSpan time);
}
