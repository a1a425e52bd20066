using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Store;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>A store that replicas share and hold copies of, whose time the explorer holds in its hands.</summary>
internal interface ICopiedStore
{
    FakeTimeProvider Time { get; }

    /// <summary>What has been sent to replicas and not delivered.</summary>
    ReplicaBus Bus { get; }

    ResourceKey Key { get; }

    /// <summary>The store as a replica sees it that has just started, and that has a name which none has had before.</summary>
    /// <param name="number">Which of the replicas it takes the place of.</param>
    ICacheStore Start(int number);

    /// <summary>Another interleaving begins.</summary>
    ValueTask RenewAsync();

    /// <summary>Whether there is nothing but entries: neither fence nor lease, and nothing held.</summary>
    ValueTask<bool> HoldsNothingButEntriesAsync();

    ValueTask AdvanceAsync(TimeSpan time);

    ValueTask DeleteAsync();

    ValueTask SaveAsync();

    ValueTask RestartAsync(bool withMemory);
}
