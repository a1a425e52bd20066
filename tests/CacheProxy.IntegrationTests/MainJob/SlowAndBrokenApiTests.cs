using CacheProxy.IntegrationTests.Harness;
using WireMock.ResponseBuilders;
using Xunit;

namespace CacheProxy.IntegrationTests.MainJob;

/// <summary>
/// The API answers late, wrongly or not at all: clients get what it gave, and the cache keeps nothing of it. WireMock always ends its
/// messages properly; answers that break off are in <see cref="Filling.IncompleteBodyTests"/>.
/// </summary>
public sealed class SlowAndBrokenApiTests(ProxyOnStores stores) : IClassFixture<ProxyOnStores>, IDisposable
{
    private const string Customer = "/api/customers/123";
    private const string Good = """{"version":7}""";

    private readonly MockedApi _api = new();

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_slow_API_is_waited_for_and_asked_once_for_all_who_wait(StoreKind store)
    {
        _api.Answer("GET", Customer, Response.Create().WithDelay(TimeSpan.FromMilliseconds(200)).WithBody(Good));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => proxy.AskAsync(Customer)));

        Assert.All(answers, static answer => Assert.Equal((200, Good), (answer.Status, answer.Text)));
        Assert.Equal(["GET " + Customer], _api.Reached);
        Assert.True((await proxy.AskAsync(Customer)).IsHit);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task A_slow_answer_that_an_update_overtook_is_not_stored(StoreKind store)
    {
        var gate = new Gate();
        _api.AnswerAtGate("GET", Customer, gate, "before the update");
        _api.Answer("PUT", Customer, Response.Create().WithStatusCode(204));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        var slow = proxy.AskAsync(Customer);
        await gate.ReachedAsync();
        Assert.Equal(204, (await proxy.AskAsync(HttpMethod.Put, Customer)).Status);
        gate.Open();
        Assert.Equal("before the update", (await slow).Text);

        _api.Answer("GET", Customer, Response.Create().WithBody("after the update"));
        var afterwards = await proxy.AskAsync(Customer);
        Assert.Equal((false, "after the update"), (afterwards.IsHit, afterwards.Text));
    }

    [Theory]
    [InlineData(StoreKind.Memory, 500)]
    [InlineData(StoreKind.Memory, 503)]
    [InlineData(StoreKind.Redis, 500)]
    [InlineData(StoreKind.Redis, 503)]
    public async Task An_error_is_passed_on_and_not_stored(StoreKind store, int status)
    {
        _api.Answer("GET", Customer, Response.Create().WithStatusCode(status).WithBody("sorry"));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        var error = await proxy.AskAsync(Customer);
        _api.Answer("GET", Customer, Response.Create().WithBody(Good));

        Assert.Equal((status, "sorry"), (error.Status, error.Text));
        await RecoversAsync(proxy);
    }

    [Theory]
    [InlineData(StoreKind.Memory, FaultType.EMPTY_RESPONSE)]
    [InlineData(StoreKind.Memory, FaultType.MALFORMED_RESPONSE_CHUNK)]
    [InlineData(StoreKind.Redis, FaultType.EMPTY_RESPONSE)]
    [InlineData(StoreKind.Redis, FaultType.MALFORMED_RESPONSE_CHUNK)]
    public async Task A_failed_answer_with_a_fault_is_passed_on_byte_for_byte_and_not_stored(StoreKind store, FaultType fault)
    {
        _api.Answer("GET", Customer, Response.Create().WithStatusCode(500).WithBody("a body that the fault takes or spoils").WithFault(fault));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);

        var faulty = await proxy.AskAsync(Customer);
        Assert.Equal(500, faulty.Status);
        Assert.Equal(fault == FaultType.EMPTY_RESPONSE, faulty.Bytes.Length == 0);

        _api.Answer("GET", Customer, Response.Create().WithBody(Good));
        await RecoversAsync(proxy);
    }

    [Theory]
    [InlineData(StoreKind.Memory)]
    [InlineData(StoreKind.Redis)]
    public async Task Without_an_API_a_hit_is_served_and_everything_else_is_a_502(StoreKind store)
    {
        _api.Answer("GET", Customer, Response.Create().WithBody(Good));
        await using var proxy = await stores.StartShippedAsync(store, _api.Address);
        await proxy.AskAsync(Customer);

        _api.GoAway();

        var hit = await proxy.AskAsync(Customer);
        Assert.Equal((200, Good, true), (hit.Status, hit.Text, hit.IsHit));
        Assert.Equal(502, (await proxy.AskAsync("/api/customers/124")).Status);
        Assert.Equal(502, (await proxy.AskAsync("/api/customers")).Status);
    }

    public void Dispose() => _api.Dispose();

    // The next read gets the good answer from the API, and the one after it from the cache.
    private static async Task RecoversAsync(ProxyUnderTest proxy)
    {
        var fill = await proxy.AskAsync(Customer);
        var hit = await proxy.AskAsync(Customer);
        Assert.Equal((200, Good, false), (fill.Status, fill.Text, fill.IsHit));
        Assert.Equal((200, Good, true), (hit.Status, hit.Text, hit.IsHit));
    }
}
