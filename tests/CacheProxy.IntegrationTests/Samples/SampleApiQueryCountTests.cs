using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

/// <summary>A class of its own: nobody else asks this API meanwhile, and the tests of one class run one after the other.</summary>
public sealed class SampleApiQueryCountTests(SampleApiFixture fixture) : IClassFixture<SampleApiFixture>
{
    private readonly SampleApi _api = fixture.Api;

    [Theory]
    [InlineData("GET", "/api/customers/123", null, "customerById:1")]
    [InlineData("HEAD", "/api/customers/123", null, "customerById:1")]
    [InlineData("GET", "/api/customers/99999", null, "customerById:1")]
    [InlineData("GET", "/api/customers", null, "customerCount:1 customerList:1")]
    [InlineData("GET", "/api/customers/search?q=lee", null, "customerSearch:1")]
    [InlineData("PUT", "/api/customers/124", """{"firstName":"Updated"}""", "customerUpdate:1 petsOfCustomer:1")]
    [InlineData("POST", "/api/customers/124/pets", """{"name":"Rex","species":"dog"}""", "petInsert:1")]
    [InlineData("POST", "/api/customers", """{"firstName":"Ann","lastName":"Lee"}""", "customerInsert:1 customerNumber:1")]
    [InlineData("DELETE", "/api/customers/125", null, "customerDelete:1")]
    [InlineData("GET", "/healthz", null, "")]
    public async Task Every_query_of_a_request_is_counted_under_its_kind(string method, string path, string? body, string expected)
    {
        await _api.SendAsync("DELETE", "/diagnostics/queries", tenant: null);

        await _api.SendAsync(method, path, body: body);

        var counts = (await _api.SendAsync("GET", "/diagnostics/queries", tenant: null)).Json;
        var asked = counts.GetProperty("byKind").EnumerateObject().Where(kind => kind.Value.GetInt64() > 0)
            .Select(kind => $"{kind.Name}:{kind.Value.GetInt64()}").Order(StringComparer.Ordinal).ToList();
        Assert.Equal(expected, string.Join(' ', asked));
        Assert.Equal(asked.Count, counts.GetProperty("total").GetInt64());
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("POST")]
    public async Task The_counts_begin_again_after_a_reset(string method)
    {
        await _api.SendAsync("GET", "/api/customers/126");
        Assert.NotEqual(0, await _api.QueriesAsync("customerById"));

        Assert.Equal(200, (await _api.SendAsync(method, "/diagnostics/queries", tenant: null)).Status);

        Assert.Equal(0, await _api.QueriesAsync("customerById"));
    }
}
