using CacheProxy.Telemetry;
using CacheProxy.Tests.Management;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Telemetry;

public sealed class TenantTableTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Each_tenant_has_its_own_counters_while_there_are_places()
    {
        var table = new TenantTable(2, _time);
        Count(table, "a", 3, TenantOutcome.Hit);
        Count(table, "a", 2, TenantOutcome.Forward);
        Count(table, "b", 1, TenantOutcome.Fill);

        Assert.Equal(
            [new("a", 3, 0, 0, 0, 2), new("b", 0, 0, 0, 1, 0), new(TenantTable.Rest, 0, 0, 0, 0, 0)],
            table.Read());
    }

    [Fact]
    public void Whoever_finds_no_place_is_counted_with_the_rest()
    {
        var table = new TenantTable(1, _time);
        Count(table, "a", 3);
        Count(table, "b", 2);
        Count(table, "c", 1);

        Assert.Equal([("a", 3L), (TenantTable.Rest, 3L)], table.Read().Select(static tenant => (tenant.Tenant, tenant.Requests)));
    }

    [Fact]
    public void A_tenant_that_becomes_busier_takes_the_place_of_the_least_busy_one_and_begins_at_0()
    {
        var table = new TenantTable(2, _time);
        Count(table, "a", 100);
        Count(table, "b", 10);
        Count(table, "c", 50);

        var read = table.Read();
        Assert.Equal(["a", "c", TenantTable.Rest], read.Select(static tenant => tenant.Tenant));
        // What it had before stays where it was counted: no counter ever falls.
        Assert.Equal(50, read[1].Requests + read[2].Requests);
        Assert.True(read[2].Requests > 20, $"{read[2].Requests}");
    }

    [Fact]
    public void One_that_has_become_quiet_gives_way_to_one_that_is_less_busy_than_it_was()
    {
        var table = new TenantTable(1, _time);
        Count(table, "a", 10_000);
        _time.Advance(TimeSpan.FromMinutes(20));
        Count(table, "b", 100);

        Assert.Equal("b", table.Read()[0].Tenant);
    }

    [Fact]
    public void Names_that_somebody_makes_up_displace_nobody_who_is_busy_and_no_counter_falls()
    {
        const int Real = 20;
        var table = new TenantTable(Real, _time);
        var made = 0;
        long last = 0;
        for (var second = 0; second < 100; second++)
        {
            for (var i = 0; i < Real; i++)
            {
                Count(table, $"real-{i}", 10);
            }

            for (var i = 0; i < 500; i++)
            {
                Count(table, $"made-up-{made++}", 1);
            }

            _time.Advance(TimeSpan.FromSeconds(1));
            var rest = table.Read()[^1].Requests;
            Assert.True(rest >= last);
            last = rest;
        }

        Assert.Equal(
            Enumerable.Range(0, Real).Select(static i => $"real-{i}").Order(StringComparer.Ordinal),
            table.Read()[..^1].Select(static tenant => tenant.Tenant).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Places_change_hands_seldom_whatever_is_asked()
    {
        const int Capacity = 50;
        var table = new TenantTable(Capacity, _time);
        var seen = new HashSet<string>();
        for (var i = 0; i < 2000; i++)
        {
            Count(table, $"tenant-{i}", 30);
            seen.UnionWith(table.Read().Select(static tenant => tenant.Tenant));
        }

        // A tenth of the places each minute, the places themselves, and the rest.
        Assert.InRange(seen.Count, Capacity + 1, Capacity + (Capacity / 10) + 1);
    }

    [Fact]
    public void A_tenant_that_is_forgotten_leaves_no_counters()
    {
        var table = new TenantTable(1, _time);
        Count(table, "a", 100);
        Count(table, "b", 20);
        table.Forget("a");
        Count(table, "b", 1);

        Assert.Equal(["b", TenantTable.Rest], table.Read().Select(static tenant => tenant.Tenant));
    }

    [Fact]
    public void To_count_takes_no_memory()
    {
        var table = new TenantTable(2, TimeProvider.System);
        string[] names = ["a", "b", "c", "made-up"];
        CountEach(table, names, 100);
        var before = GC.GetAllocatedBytesForCurrentThread();
        CountEach(table, names, 1000);

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 999);
    }

    [Fact]
    public async Task The_series_are_those_of_who_has_a_place_now_and_of_the_rest()
    {
        var table = new TenantTable(1, _time);
        using var exposition = new Exposition(table);
        Count(table, "a", 3);
        Count(table, "a", 1, TenantOutcome.Fill);
        Count(table, "b", 1, TenantOutcome.Forward);

        string[] expected =
            [
                "# TYPE cacheproxy_tenants_requests_total counter",
                "# HELP cacheproxy_tenants_requests_total Safe requests on cached routes, by tenant (the busiest; * is all others) and outcome",
                .. Series("a", 3, 0, 0, 1, 0),
                .. Series("*", 0, 0, 0, 0, 1),
            ];
        Assert.Equal(expected, await exposition.ReadAsync());
        Count(table, "b", 20);
        Assert.Contains("cacheproxy_tenants_requests_total{tenant=\"b\",outcome=\"fill\"} 0", await exposition.ReadAsync());
        Assert.DoesNotContain(await exposition.ReadAsync(), static line => line.Contains("tenant=\"a\"", StringComparison.Ordinal));
    }

    private static string[] Series(string tenant, params int[] counts) =>
        [.. ((string[])["hit", "stale", "collapsed", "fill", "forward"]).Zip(
            counts, (outcome, count) => $"cacheproxy_tenants_requests_total{{tenant=\"{tenant}\",outcome=\"{outcome}\"}} {count}")];

    private static void Count(TenantTable table, string tenant, int times, TenantOutcome outcome = TenantOutcome.Hit)
    {
        for (var i = 0; i < times; i++)
        {
            table.Count(tenant, outcome);
        }
    }

    private static void CountEach(TenantTable table, string[] tenants, int times)
    {
        for (var i = 0; i < times; i++)
        {
            foreach (var tenant in tenants)
            {
                table.Count(tenant, TenantOutcome.Hit);
            }
        }
    }
}
