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

    /// <summary>The tag that entries of the resource have, in systems with a tag.</summary>
    ResourceKey Tag { get; }

    /// <summary>The store as a replica sees it that has just started, and that has a name which none has had before.</summary>
    /// <param name="number">Which of the replicas it takes the place of.</param>
    ICacheStore Start(int number);

    /// <summary>Another interleaving begins.</summary>
    ValueTask RenewAsync();

    /// <summary>A replica finds the store, which it has not used before, or which has come back as another one.</summary>
    ValueTask ProbeAsync(int number);

    /// <summary>Whether there is nothing but entries: neither fence nor lease, and nothing held.</summary>
    ValueTask<bool> HoldsNothingButEntriesAsync();

    ValueTask AdvanceAsync(TimeSpan time);

    ValueTask DeleteAsync();

    ValueTask SaveAsync();

    ValueTask RestartAsync(bool withMemory);
}
