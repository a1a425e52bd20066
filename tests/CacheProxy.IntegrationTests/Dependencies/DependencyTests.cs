using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Dependencies;

/// <summary>A write to what an entry contains evicts the entry before its client has the answer.</summary>
public sealed class DependencyTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>
{
    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_write_to_a_pet_evicts_the_customer_that_contains_it_and_no_other(StoreKind store)
    {
        await using var scene = await PetScene.StartAsync();
        await using var proxy = await scene.StartProxyAsync(stores, store);
        await proxy.AskAsync(PetScene.Customer);
        Assert.True((await proxy.AskAsync(PetScene.Customer)).IsHit);

        await proxy.AskAsync(HttpMethod.Put, "/api/pets/9");
        Assert.True((await proxy.AskAsync(PetScene.Customer)).IsHit);
        await proxy.AskAsync(HttpMethod.Put, PetScene.Pet);

        Assert.Equal((PetScene.Text("3"), false), Seen(await proxy.AskAsync(PetScene.Customer)));
        await proxy.AskAsync(HttpMethod.Delete, "/api/pets/a8");
        Assert.Equal((PetScene.Text("4"), false), Seen(await proxy.AskAsync(PetScene.Customer)));
        Assert.Equal((PetScene.Text("4"), false), Seen(await proxy.AskAsync(PetScene.Customer, ("Authorization", "Bearer other"))));
    }

    private static (string, bool) Seen(ClientAnswer answer) => (answer.Text, answer.IsHit);
}
