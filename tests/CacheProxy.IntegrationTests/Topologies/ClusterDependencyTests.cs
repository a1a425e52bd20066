using System.Globalization;
using CacheProxy.IntegrationTests.Dependencies;
using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>A customer, a pet that it contains, and that pet's index, which are on nodes of their own.</summary>
[Collection(nameof(TopologyCollection))]
[Trait("Category", "Topology")]
public sealed class ClusterDependencyTests
{
    private const int Writes = 5;

    private int _version = 1;

    [Fact]
    public async Task A_write_to_a_pet_evicts_its_customer_on_another_node_also_while_the_pets_index_moves()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var scene = await PetScene.StartAsync();
        (string Key, string? Value)[] settings = [.. PetScene.Settings, ("CacheProxy:Redis:Timeout", "00:00:10")];
        await using var one = await ProxyUnderTest.StartAsync(scene.Api.Address, settings, cluster.ConnectionString);
        await using var other = await ProxyUnderTest.StartAsync(scene.Api.Address, settings, cluster.ConnectionString);
        var index = await cluster.FirstOwnerAsync(PetScene.Index);
        Assert.NotEqual(index, await cluster.FirstOwnerAsync("demo:customer:1"));

        for (var i = 0; i < Writes; i++)
        {
            await WriteAsync(one, other);
            await WriteAsync(other, one);
        }

        await cluster.MoveSlotAsync(await cluster.SlotAsync(PetScene.Index), index, (index + 1) % 3, () => WriteAsync(one, other));
        await WriteAsync(other, one);
    }

    private async Task WriteAsync(ProxyUnderTest writer, ProxyUnderTest reader)
    {
        await Eventually.TrueAsync(async () => (await reader.AskAsync(PetScene.Customer)).IsHit, "The customer is not stored.");
        await Eventually.TrueAsync(async () => Seen(await writer.AskAsync(PetScene.Customer)) == (Body(), true), "What the other has stored is not served.");

        await writer.AskAsync(HttpMethod.Put, PetScene.Pet);
        _version++;

        Assert.Equal((Body(), false), Seen(await reader.AskAsync(PetScene.Customer)));
    }

    private string Body() => PetScene.Text(_version.ToString(CultureInfo.InvariantCulture));

    private static (string Text, bool IsHit) Seen(ClientAnswer answer) => (answer.Text, answer.IsHit);
}
