using CacheProxy.Tests.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>
/// Every order of the steps of replicas that hold copies of a resource, with the product's own code in each: no read that begins after a write
/// was acknowledged returns what it replaced, in any replica.
/// </summary>
[Collection(nameof(ExhaustiveCollection))]
[Trait("Category", "Exhaustive")]
public sealed class CopyInterleavingsTests(ITestOutputHelper output)
{
    private static readonly CopyParty Look = new(CopyPartyKind.Look);
    private static readonly CopyParty WriteElsewhere = new(CopyPartyKind.Write, 1);

    [Fact]
    public Task A_copy_and_a_write() => AllAsync("a copy and a write", 1, [Look, WriteElsewhere]);

    private async Task AllAsync(string name, int least, params CopyParty[][] systems)
    {
        var total = 0L;
        foreach (var system in systems)
        {
            total += await CopyExploration.PlayAsync(
                output,
                "memory, copies, " + name,
                system,
                [.. Enumerable.Range(0, Environment.ProcessorCount).Select(_ => new CopiedMemoryStore(CopyRun.Grace, SharedStoreDamage.None))]);
        }

        Exploration.Report(output, $"memory, copies, {name}: {total:N0} interleavings, 0 stale, 0 left over");
        Assert.InRange(total, least, long.MaxValue);
    }
}
