using CacheProxy.Store.Redis.Topologies;
using Xunit;

namespace CacheProxy.Tests.Store.Redis.Topologies;

public sealed class ReplicationStateTests
{
    private const string Id = "0b1c2d3e4f5061728394a5b6c7d8e9f00112233a";

    [Theory]
    [InlineData("# Replication\r\nrole:master\r\nmaster_replid:" + Id + "\r\n", true)]
    [InlineData("# Replication\nrole:slave\nmaster_host:10.0.0.1\nmaster_replid:" + Id + "\n", false)]
    public void A_node_tells_its_role_and_the_start_of_its_replication_id(string text, bool isPrimary)
    {
        var state = ReplicationState.Parse(text);

        Assert.Equal(isPrimary, state.IsPrimary);
        Assert.Equal(Id[..16], state.ReplicationId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("role:master\r\n")]
    [InlineData("role:master\r\nmaster_replid:short\r\n")]
    [InlineData("role:master\r\nmaster_replid:not hexadecimal at all, but long\r\n")]
    [InlineData("master_replid2:" + Id + "\r\n")]
    public void A_node_that_does_not_reveal_a_replication_id_has_none(string text)
    {
        var state = ReplicationState.Parse(text);

        Assert.True(state.IsPrimary);
        Assert.Equal(RedisPrimary.NoReplicationId, state.ReplicationId);
    }
}
