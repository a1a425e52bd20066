using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class HotTableTests
{
    private readonly HotTable _table = new() { Top = 10 };

    [Fact]
    public void What_is_asked_for_most_comes_first()
    {
        Ask("a", "1", times: 3);
        Ask("b", "2", times: 5);
        Ask("c", "3", times: 1);

        Assert.Equal([Text("b", "2"), Text("a", "1")], _table.Hottest(2).Select(static hot => hot.Request));
    }

    [Fact]
    public void It_is_bounded_and_what_is_hot_survives_any_number_of_others()
    {
        Ask("a", "hot", times: 50);
        for (var i = 0; i < 10_000; i++)
        {
            Ask("b", $"{i}", times: 1);
            Assert.InRange(_table.Count, 1, 40);
        }

        Assert.Equal(Text("a", "hot"), _table.Hottest(1)[0].Request);
    }

    [Fact]
    public void No_tenant_takes_more_than_half_of_the_places_that_others_want()
    {
        for (var i = 0; i < 10; i++)
        {
            Ask("loud", $"{i}", times: 100);
        }

        Ask("quiet", "1", times: 1);
        Ask("quiet", "2", times: 1);

        var hottest = _table.Hottest(4).Select(static hot => HotRequest.TenantOf(hot.Request).ToString());
        Assert.Equal(["loud", "loud", "quiet", "quiet"], hottest);
        Assert.Equal(10, _table.Hottest(10).Length);
    }

    [Fact]
    public void Counts_decay()
    {
        Ask("a", "old", times: 10);
        _table.Decay(0.1);
        Ask("a", "new", times: 2);

        Assert.Equal(Text("a", "new"), _table.Hottest(1)[0].Request);
    }

    [Fact]
    public void What_was_counted_is_shared_once_and_again_only_if_nobody_took_it()
    {
        Ask("a", "1", times: 3);

        var taken = _table.TakeUnshared();
        Assert.Equal([new HotCount(Text("a", "1"), 3)], taken);
        Assert.Empty(_table.TakeUnshared());

        _table.GiveBack(taken);
        Assert.Equal(taken, _table.TakeUnshared());
    }

    [Fact]
    public void What_others_know_is_taken_over_and_not_shared_again()
    {
        _table.Learn([new HotCount(Text("a", "1"), 7)]);

        Assert.Equal([new HotCount(Text("a", "1"), 7)], _table.Hottest(10));
        Assert.Empty(_table.TakeUnshared());
    }

    [Fact]
    public void Misses_of_what_used_to_be_hits_tell_that_the_store_has_lost_its_entries()
    {
        Ask("a", "1", times: 1);
        for (var window = 0; window < 5; window++)
        {
            Count(isHit: true, times: 90);
            Count(isHit: false, times: 10);
            Assert.False(_table.HasLostItsEntries());
        }

        Count(isHit: false, times: 29);
        Assert.False(_table.HasLostItsEntries());
        Count(isHit: false, times: 1);
        Assert.True(_table.HasLostItsEntries());
    }

    [Fact]
    public void Where_hits_are_rare_anyway_misses_tell_nothing()
    {
        Ask("a", "1", times: 1);
        for (var window = 0; window < 20; window++)
        {
            Count(isHit: true, times: 10);
            Count(isHit: false, times: 90);
            Assert.False(_table.HasLostItsEntries());
        }
    }

    private static string Text(string tenant, string id) => $"{tenant} http://api.test/api/customers/{id}";

    private static FlightKey Key(string tenant, string id) => new(new ResourceKey($"{tenant}:customer:{id}"), VariantKey.Plain);

    private void Ask(string tenant, string id, int times)
    {
        for (var i = 0; i < times; i++)
        {
            if (!_table.TryCount(Key(tenant, id), 1, isHit: true))
            {
                _table.Add(Key(tenant, id), Text(tenant, id), 1);
            }
        }

        _table.HasLostItsEntries();
    }

    private void Count(bool isHit, int times) => Assert.True(_table.TryCount(Key("a", "1"), times, isHit));
}
