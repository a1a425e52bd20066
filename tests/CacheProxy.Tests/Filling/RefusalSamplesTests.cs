using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Management;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class RefusalSamplesTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly Exposition _exposition = new();
    private readonly RefusalSamples _samples;

    public RefusalSamplesTests() =>
        _samples = new RefusalSamples(new CacheMetrics(_exposition.Meters, new Flights(), new HeldBodies(new MemoryOptions()), _time), _time);

    public void Dispose() => _exposition.Dispose();

    [Fact]
    public void A_policy_that_keeps_none_has_no_sample()
    {
        Assert.Null(_samples.Of(Policy(kept: 0)));
        Assert.Null(_samples.Find("p"));
    }

    [Fact]
    public void The_last_thousand_are_counted_and_a_rare_reason_survives_them()
    {
        var sample = _samples.Of(Policy())!;
        sample.Take(RefusalKind.Forwarded, "path", Request("/rare"), null, 200);
        for (var i = 0; i < 3000; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            sample.Take(RefusalKind.Forwarded, "tenant-absent", Request($"/{i}"), null, 200);
        }

        sample.Take(RefusalKind.NotStored, "no-store", Request("/last"), "demo", 200);

        Assert.Equal(
            [("tenant-absent", 999, 16), ("no-store", 1, 1), ("path", 0, 1)],
            sample.Read().Select(static reason => (reason.Reason, reason.Count, reason.Latest.Length)));
        Assert.Equal("/2999", sample.Read()[0].Latest[0].Path);
        Assert.Equal("/2984", sample.Read()[0].Latest[^1].Path);
    }

    [Fact]
    public void Of_a_frequent_reason_ten_a_second_are_kept_once_the_ring_is_full()
    {
        var sample = _samples.Of(Policy())!;
        for (var i = 0; i < 1000; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            sample.Take(RefusalKind.Forwarded, "path", Request($"/{i}"), null, 200);
        }

        var paths = sample.Read().Single().Latest.Select(static one => one.Path).ToArray();

        Assert.Equal(1000, sample.Read().Single().Count);
        Assert.InRange(paths.Count(static path => int.Parse(path[1..], System.Globalization.CultureInfo.InvariantCulture) >= 16), 9, 10);
    }

    [Fact]
    public void What_is_kept_of_a_tenant_can_be_dropped_and_the_others_stay_in_their_order()
    {
        var sample = _samples.Of(Policy())!;
        for (var i = 0; i < 20; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            sample.Take(RefusalKind.NotStored, "no-store", Request($"/{i}"), i % 4 == 0 ? "acme" : "demo", 200);
        }

        _samples.Forget("demo");
        sample.Take(RefusalKind.NotStored, "no-store", Request("/20"), "acme", 200);

        var left = sample.Read().Single();
        Assert.Equal(["/20", "/16", "/12", "/8", "/4"], left.Latest.Select(static one => one.Path));
        Assert.Equal(21, left.Count);
    }

    [Fact]
    public void What_is_kept_has_no_query_and_a_bounded_length()
    {
        var sample = _samples.Of(Policy())!;
        var request = Request("/" + new string('a', 10_000));
        request.Request.Method = new string('M', 1000);
        request.Request.QueryString = new QueryString("?token=secret");

        sample.Take(RefusalKind.Forwarded, "path", request, "demo", 404);

        var kept = sample.Read().Single().Latest.Single();
        Assert.Equal((256, 32, true, "demo", 404), (kept.Path.Length, kept.Method.Length, kept.HasQuery, kept.Tenant, kept.Status));
    }

    [Fact]
    public void Another_number_to_keep_begins_a_new_sample()
    {
        _samples.Of(Policy())!.Take(RefusalKind.Forwarded, "path", Request("/"), null, 200);

        Assert.Equal(2, _samples.Of(Policy(kept: 2))!.Kept);
        Assert.Empty(_samples.Find("p")!.Read());
    }

    [Fact]
    public void Requests_at_the_same_time_are_all_counted()
    {
        var sample = _samples.Of(Policy())!;
        Parallel.For(0, 900, i => sample.Take(RefusalKind.Forwarded, i % 2 == 0 ? "path" : "key", Request("/"), null, 200));

        Assert.Equal([("key", 450), ("path", 450)], sample.Read().Select(static reason => (reason.Reason, reason.Count)));
    }

    private static CachePolicy Policy(int kept = 16) => new(
        new CachePolicyOptions { Name = "p", Key = "{tenant}:p:{id}", RefusalsKept = kept },
        KeyTemplate.TryParse("{tenant}:p:{id}", out var template, out _) ? template! : throw new InvalidOperationException());

    private static DefaultHttpContext Request(string path) => new() { Request = { Method = "GET", Path = path } };
}
