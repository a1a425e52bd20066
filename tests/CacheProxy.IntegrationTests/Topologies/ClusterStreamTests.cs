using CacheProxy.IntegrationTests.Harness;
using Xunit;

namespace CacheProxy.IntegrationTests.Topologies;

/// <summary>Streams that tell of writes, on nodes of their own, and what is evicted by them on others.</summary>
[Collection(nameof(TopologyCollection))]
[Trait("Category", "Topology")]
public sealed class ClusterStreamTests
{
    private const string Customer = "/api/customers/1";
    private const string Told = """{"policy":"customer","tenant":"demo","values":{"id":1}}""";

    [Fact]
    public async Task Streams_on_every_node_are_read_and_what_nobody_understands_is_set_aside_on_another()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var api = await StubApi.StartAsync(Answers.Numbered());
        string[] streams = ["writes-1", "writes-2", "writes-3", "writes-4", "writes-5"];
        (string, string?)[] settings =
        [
            ("CacheProxy:Redis:Timeout", "00:00:10"), ("CacheProxy:Intake:Stream:Keys", string.Join(", ", streams)), ("CacheProxy:Intake:Stream:Interval", "10ms"),
            ("CacheProxy:Intake:Stream:MaxTries", "1"),
        ];
        await using var proxy = await ProxyUnderTest.StartAsync(api.Address, settings, cluster.ConnectionString);
        var nodes = new HashSet<int>();

        foreach (var stream in streams)
        {
            var node = await cluster.FirstOwnerAsync(stream);
            nodes.Add(node);
            await Eventually.TrueAsync(async () => (await proxy.AskAsync(Customer)).IsHit);
            await cluster.Primaries[node].SendAsync("XADD", stream, "*", "value", "{");
            await cluster.Primaries[node].SendAsync("XADD", stream, "*", "value", Told);

            await Eventually.TrueAsync(async () => !(await proxy.AskAsync(Customer)).IsHit);
            var dead = stream + ":dead";
            var holder = cluster.Primaries[await cluster.FirstOwnerAsync(dead)];
            await Eventually.TrueAsync(async () => await holder.NumberAsync("XLEN", dead) == 1);
        }

        Assert.Equal(3, nodes.Count);
    }
}
