using Xunit;

namespace CacheProxy.IntegrationTests.Samples;

public sealed class SampleApiDatabaseTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sample-api-tests-");

    private string DatabasePath => Path.Combine(_folder.FullName, "customers.db");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Two_that_start_at_once_on_a_new_file_fill_it_once_and_share_it()
    {
        var both = await Task.WhenAll(SampleApi.StartAsync(DatabasePath), SampleApi.StartAsync(DatabasePath));
        await using var first = both[0];
        await using var second = both[1];

        await first.SendAsync("PUT", "/api/customers/123", body: """{"firstName":"Shared"}""");

        Assert.Equal("Shared", (await second.SendAsync("GET", "/api/customers/123"))["firstName"]);
        foreach (var tenant in (string[])["demo", "acme"])
        {
            Assert.Equal(300, (await second.SendAsync("GET", "/api/customers", tenant)).Json.GetProperty("total").GetInt64());
        }
    }

    [Fact]
    public async Task Changes_outlive_a_restart_and_a_new_file_begins_with_the_same_data()
    {
        string original;
        await using (var api = await SampleApi.StartAsync(DatabasePath))
        {
            original = (await api.SendAsync("GET", "/api/customers/123")).Text;
            await api.SendAsync("PUT", "/api/customers/123", body: """{"firstName":"Kept"}""");
        }

        await using var again = await SampleApi.StartAsync(DatabasePath);
        await using var other = await SampleApi.StartAsync(Path.Combine(_folder.FullName, "other.db"));

        Assert.Equal("Kept", (await again.SendAsync("GET", "/api/customers/123"))["firstName"]);
        Assert.Equal(original, (await other.SendAsync("GET", "/api/customers/123")).Text);
    }

    [Fact]
    public async Task Each_query_takes_as_long_as_is_configured_and_a_wait_that_the_client_does_not_want_ends()
    {
        await using var api = await SampleApi.StartAsync(DatabasePath, "--Database:LatencyMilliseconds", "10000");
        using var client = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/customers/123") { Headers = { { "X-Tenant-Subdomain", "demo" } } };

        var asking = api.Client.SendAsync(request, client.Token);

        // Counted before it waits: the query is under way, and its answer is not there.
        await Harness.Eventually.TrueAsync(async () => await api.QueriesAsync("customerById") == 1);
        Assert.False(asking.IsCompleted);
        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("10-5")]
    public async Task A_latency_that_is_none_is_named(string latency)
    {
        await using var program = SampleProgram.Start(
            "CustomerApi", "--urls", "http://127.0.0.1:0", "--Database:Path", DatabasePath, "--Database:LatencyMilliseconds", latency);

        Assert.Equal(1, await program.ExitCodeAsync(TestContext.Current.CancellationToken));
        Assert.Contains(latency, await program.Error.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named_and_left_alone()
    {
        await File.WriteAllTextAsync(DatabasePath, "a letter to grandmother, not a database at all", TestContext.Current.CancellationToken);

        await using var program = SampleProgram.Start("CustomerApi", "--urls", "http://127.0.0.1:0", "--Database:Path", DatabasePath);

        Assert.Equal(1, await program.ExitCodeAsync(TestContext.Current.CancellationToken));
        Assert.Contains(DatabasePath, await program.Error.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.StartsWith("a letter", await File.ReadAllTextAsync(DatabasePath, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
