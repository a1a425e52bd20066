using System.Net;
using CacheProxy.Store;
using CacheProxy.Store.Redis;
using CacheProxy.Store.Redis.Topologies;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Xunit;

namespace CacheProxy.Tests.Store.Redis;

/// <summary>Nodes that cannot be asked since when others use them: it counts from this replica's own first use.</summary>
public sealed class ReplicationUsesTests
{
    private static readonly TimeSpan Whole = TimeSpan.FromSeconds(5.5);

    private readonly FakeTimeProvider _time = new();
    private readonly LongestLease _longest = new();
    private readonly ReplicationUses _uses;

    public ReplicationUsesTests() => _uses = new ReplicationUses("", new RedisScripts(), _longest, static () => { }, _time);

    [Fact]
    public async Task Nobody_is_waited_for_while_nothing_can_be_held()
    {
        await UseAsync("1");

        Assert.Equal(TimeSpan.Zero, _uses.GraceOf("1"));
        Assert.Equal(TimeSpan.Zero, _uses.GraceOf(null));
    }

    [Fact]
    public async Task Grace_is_the_longest_lease_and_a_tenth_from_the_first_use_on()
    {
        _longest.Raise(TimeSpan.FromSeconds(5));
        await UseAsync("1");
        Assert.Equal(Whole, _uses.GraceOf("1"));

        _time.Advance(TimeSpan.FromSeconds(2));
        await UseAsync("1");
        Assert.Equal(TimeSpan.FromSeconds(3.5), _uses.GraceOf("1"));

        _time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.Zero, _uses.GraceOf("1"));
    }

    [Fact]
    public void The_margin_of_a_short_lease_is_100_ms()
    {
        _longest.Raise(TimeSpan.FromMilliseconds(500));

        Assert.Equal(TimeSpan.FromMilliseconds(600), _uses.GraceOf(null));
    }

    [Fact]
    public async Task While_it_is_not_known_which_Redis_it_is_all_of_it_may_be_left()
    {
        _longest.Raise(TimeSpan.FromSeconds(5));
        await UseAsync("1");
        _time.Advance(Whole);

        Assert.Equal(Whole, _uses.GraceOf(null));
    }

    [Fact]
    public async Task Another_Redis_begins_anew()
    {
        _longest.Raise(TimeSpan.FromSeconds(5));
        await UseAsync("1");
        _time.Advance(Whole);
        await UseAsync("2");

        Assert.Equal(Whole, _uses.GraceOf("2"));
    }

    [Fact]
    public async Task One_that_is_back_after_another_was_used_begins_anew()
    {
        _longest.Raise(TimeSpan.FromSeconds(5));
        await UseAsync("1");
        await UseAsync("2");
        _time.Advance(Whole);
        await UseAsync("1");

        Assert.Equal(Whole, _uses.GraceOf("1"));
    }

    [Fact]
    public async Task Who_begins_to_hold_later_has_counted_all_the_while()
    {
        await UseAsync("1");
        _time.Advance(TimeSpan.FromSeconds(3));
        _longest.Raise(TimeSpan.FromSeconds(5));

        Assert.Equal(TimeSpan.FromSeconds(2.5), _uses.GraceOf("1"));
    }

    [Fact]
    public async Task Of_a_Redis_that_never_tells_which_it_is_nothing_is_held()
    {
        _longest.Raise(TimeSpan.FromSeconds(5));
        await UseAsync(RedisPrimary.NoReplicationId);

        Assert.Equal(TimeSpan.Zero, _uses.GraceOf(RedisPrimary.NoReplicationId));
    }

    private Task UseAsync(string replicationId) => _uses.NoteAsync(new UnreachablePrimary(replicationId), TimeSpan.FromSeconds(1));

    private sealed class UnreachablePrimary(string replicationId) : RedisPrimary(null!)
    {
        public override IReadOnlyList<IServer> Servers => [];

        public override IReadOnlyCollection<string> ReplicationIds => [replicationId];

        public override string? ReplicationIdOf(string key) => replicationId;

        public override bool MayDrop(string key) => false;

        public override void Doubt(EndPoint? endPoint)
        {
        }
    }
}
