using System.Text.Json.Nodes;
using CacheProxy.IntegrationTests.Harness;
using CacheProxy.IntegrationTests.Host;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.IntegrationTests.LongRuns;

/// <summary>What becomes of the leases of a replica that dies, that is stopped, or that is to hold nothing any more.</summary>
public sealed class HolderEndTests
{
    private const string Customer = "/api/customers/1";
    private const string Key = "demo:customer:1";
    private const string MemoryTtl = "00:00:05";

    private static readonly (string Key, string? Value)[] Settings =
    [
        ("CacheProxy:Redis:Timeout", "00:00:10"), ("CacheProxy:Policies:customer:MemoryTtl", MemoryTtl),
    ];

    [Fact]
    public async Task A_write_waits_for_a_killed_holder_until_its_lease_has_run_out_and_no_longer()
    {
        ProxyProcess.SkipIfWanted();
        var time = new FakeTimeProvider();
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var writer = await ProxyUnderTest.StartAsync(api.Address, Settings, server.ConnectionString, time);
        using var holder = await ProcessHost.StartAsync(api.Address, Settings, server.ConnectionString);
        await HoldAsync(server, holder.Client);
        // It hears nothing from now on, as a process that is about to die.
        holder.Freeze();

        var written = writer.AskAsync(HttpMethod.Put, Customer);
        await Eventually.TrueAsync(() => api.Count("PUT " + Customer) == 1);
        await holder.KillAsync();
        // The write's end: from then on it waits for nothing but the holder.
        await Eventually.TrueAsync(async () => (await server.FieldsAsync(Key)).All(static field => field.StartsWith("held:", StringComparison.Ordinal)));
        // More than once: the writer may not have had the reply yet, from whose arrival it counts.
        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return written.IsCompleted;
        });

        Assert.Equal(200, (await written).Status);
        Assert.Contains("cacheproxy_evictions_waits_total{ended=\"lapsed\"} 1", await MetricsAsync(writer.Client, writer.Management), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_replica_that_is_stopped_has_given_its_leases_back()
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        var holder = await ProxyUnderTest.StartAsync(api.Address, Settings, server.ConnectionString);
        await HoldAsync(server, holder.Client);

        await holder.DisposeAsync();

        Assert.Equal(["body", "meta"], await server.FieldsAsync(Key));
    }

    [Fact]
    public async Task A_replica_that_is_to_hold_nothing_any_more_gives_its_leases_back()
    {
        await using var server = await RedisServer.StartAsync();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        await using var host = await RunningHost.StartAsync(
            api.Address, arguments: [$"--CacheProxy:Redis:ConnectionString={server.ConnectionString}", "--CacheProxy:Redis:Timeout=00:00:10"]);
        host.Write(WithMemoryTtl(api, MemoryTtl));
        await host.Log.WaitForAsync("Configuration reloaded");
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = host.Proxy };
        client.DefaultRequestHeaders.Add("X-Tenant-Subdomain", "demo");
        await HoldAsync(server, client);

        host.Write(WithMemoryTtl(api, "0"));

        await Eventually.TrueAsync(async () => (await server.FieldsAsync(Key)).SequenceEqual(["body", "meta"]));
    }

    private static JsonNode WithMemoryTtl(StubApi api, string memoryTtl)
    {
        var json = RunningHost.Shipped(api.Address);
        json["CacheProxy"]!["Policies"]!["customer"]!["MemoryTtl"] = memoryTtl;
        return json;
    }

    /// <summary>Reads until the replica serves its own copy.</summary>
    private static async Task HoldAsync(RedisServer server, HttpClient client)
    {
        await Eventually.TrueAsync(async () =>
        {
            using var response = await client.GetAsync(Customer, TestContext.Current.CancellationToken);
            return response.Headers.TryGetValues("Cache-Status", out var status) && string.Join(',', status).Contains("detail=copy", StringComparison.Ordinal);
        });
        Assert.Single(await server.FieldsAsync(Key), static field => field.StartsWith("held:", StringComparison.Ordinal));
    }

    private static Task<string> MetricsAsync(HttpClient client, Uri management) =>
        client.GetStringAsync(new Uri(management, "/metrics"), TestContext.Current.CancellationToken);
}
