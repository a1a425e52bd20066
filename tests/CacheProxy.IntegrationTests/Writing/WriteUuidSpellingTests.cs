using CacheProxy.IntegrationTests.Harness;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace CacheProxy.IntegrationTests.Writing;

public sealed class WriteUuidSpellingTests
{
    private const string Lower = "/api/customers/0d3a4c1e-6f5b-4a29-9e7d-1b2c3d4e5f60";
    private const string Upper = "/api/customers/0D3A4C1E-6F5B-4A29-9E7D-1B2C3D4E5F60";

    [Theory]
    [InlineData(Lower, Upper)]
    [InlineData(Upper, Lower)]
    public async Task A_write_by_one_spelling_of_a_UUID_evicts_what_was_read_by_the_other(string read, string written)
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync(context.Request.Path));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);
        using var before = await proxy.GetAsync(read);
        using var hit = await proxy.GetAsync(read);

        using var write = await proxy.SendAsync(HttpMethod.Put, written);
        using var after = await proxy.GetAsync(read);

        Assert.Contains("hit", Assert.Single(hit.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
        Assert.Contains("stored", Assert.Single(after.Headers.GetValues("Cache-Status")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_spelling_has_the_answer_that_the_API_gave_to_it()
    {
        await using var api = await StubApi.StartAsync(static context => context.Response.WriteAsync(context.Request.Path));
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address);

        foreach (var target in (string[])[Lower, Upper, Lower, Upper])
        {
            using var response = await proxy.GetAsync(target);
            Assert.Equal(target, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(2, api.Requests.Count);
    }
}
