using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.LongRuns;
using CacheProxy.IntegrationTests.RedisTrouble;
using CacheProxy.IntegrationTests.Store;
using CacheProxy.IntegrationTests.Topologies;
using CacheProxy.IntegrationTests.Writing;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>
/// The collections that take longest begin first: one that begins late runs on for minutes, mostly waiting, when everything else has ended.
/// The longest stands first, as measured (<c>-result-trx FILE</c> has the durations of a run); what is not here takes less than half a minute.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Longest =
    [
        nameof(TopologyCollection),
        typeof(CopiesRunTests).FullName!,
        typeof(LongRunTests).FullName!,
        typeof(RedisStoreTopologyResp2Tests).FullName!,
        typeof(RedisStoreTopologyResp3Tests).FullName!,
        typeof(RedisRefusalTests).FullName!,
        typeof(LeavingWritersTests).FullName!,
        typeof(ProxyTroubleResp2Tests).FullName!,
        typeof(ProxyTroubleResp3Tests).FullName!,
        typeof(RedisStoreTroubleResp2Tests).FullName!,
        typeof(RedisStoreTroubleResp3Tests).FullName!,
        typeof(FailingApiTests).FullName!,
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection => [.. testCollections.OrderBy(Place)];

    private static int Place<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        // The collection of a class that names none is called after it: "Test collection for NAME (id: ...)".
        var place = Array.FindIndex(Longest, name => collection.TestCollectionDisplayName.Split(' ').Contains(name));
        return place < 0 ? Longest.Length : place;
    }
}
