using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class FlightTests
{
    private static readonly FlightKey Key = new(new ResourceKey("demo:customer:1"), VariantKey.Plain);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly StoredResponse Response = new()
    {
        Status = 200,
        Headers = [],
        Body = default,
        ResponseTimeMs = 0,
        InitialAgeMs = 0,
        LifetimeMs = 1,
        Target = "",
    };

    private static readonly FlightResult Shared = FlightResult.Shared(Response, VariantKey.Plain, "");

    private readonly FakeTimeProvider _time = new();
    private readonly Flights _flights = new();

    [Fact]
    public void The_first_leads_and_all_others_join_until_the_flight_has_landed()
    {
        var flight = Lead();

        Assert.Same(flight, _flights.JoinOrLead(Key, out var leads));
        Assert.False(leads);
        Assert.NotSame(flight, _flights.JoinOrLead(Key with { Variant = new VariantKey("a") }, out leads));
        Assert.True(leads);

        _flights.Land(flight);
        Assert.NotSame(flight, _flights.JoinOrLead(Key, out leads));
        Assert.True(leads);
    }

    [Fact]
    public async Task Who_joined_before_the_seal_shares_the_response()
    {
        var flight = Lead();
        var waiting = WaitAsync(flight);

        flight.Seal();
        flight.Finish(Shared);

        Assert.Equal(Shared, await waiting);
    }

    [Fact]
    public async Task Who_joins_after_the_seal_looks_up_again_because_a_write_may_have_come_in_between()
    {
        var flight = Lead();
        flight.Seal();
        var waiting = WaitAsync(flight);
        flight.Finish(Shared);

        Assert.Equal(FlightResult.LookUpAgain, await waiting);
        Assert.Equal(FlightResult.LookUpAgain, await WaitAsync(flight));
    }

    [Fact]
    public async Task Whoever_still_waits_when_the_flight_lands_goes_to_the_API()
    {
        var flight = Lead();
        var waiting = WaitAsync(flight);

        _flights.Land(flight);

        Assert.Equal(FlightResult.Forward, await waiting);
    }

    [Fact]
    public async Task The_first_result_stands()
    {
        var flight = Lead();
        flight.Finish(FlightResult.LookUpAgain);
        flight.Finish(Shared);

        Assert.Equal(FlightResult.LookUpAgain, await WaitAsync(flight));
    }

    [Fact]
    public async Task A_leader_that_takes_too_long_is_no_leader()
    {
        var flight = Lead();
        var waiting = WaitAsync(flight);

        _time.Advance(Limit - TimeSpan.FromTicks(1));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(FlightResult.Forward, await waiting);
        Assert.False(flight.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public void A_leader_that_leaves_alone_takes_the_flight_with_it()
    {
        var flight = Lead();
        flight.LeaderLeft();

        Assert.True(flight.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public async Task A_leader_that_leaves_others_behind_does_not_cut_them_off()
    {
        var flight = Lead();
        using var firstGone = new CancellationTokenSource();
        using var secondGone = new CancellationTokenSource();
        var first = flight.WaitAsync(Limit, _time, firstGone.Token);
        var second = flight.WaitAsync(Limit, _time, secondGone.Token);

        flight.LeaderLeft();
        Assert.False(flight.Abandoned.IsCancellationRequested);

        await firstGone.CancelAsync();
        Assert.Equal(FlightResult.Forward, await first);
        Assert.False(flight.Abandoned.IsCancellationRequested);

        await secondGone.CancelAsync();
        Assert.Equal(FlightResult.Forward, await second);
        Assert.True(flight.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public async Task Waiters_that_leave_do_not_cut_off_the_leader()
    {
        var flight = Lead();
        using var gone = new CancellationTokenSource();
        var waiting = flight.WaitAsync(Limit, _time, gone.Token);

        await gone.CancelAsync();

        Assert.Equal(FlightResult.Forward, await waiting);
        Assert.False(flight.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public async Task Nothing_is_cut_off_once_there_is_a_result()
    {
        var flight = Lead();
        var waiting = WaitAsync(flight);
        flight.LeaderLeft();
        flight.Finish(Shared);

        Assert.Equal(Shared, await waiting);
        Assert.False(flight.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public void A_leader_may_leave_after_the_flight_has_landed()
    {
        var flight = Lead();
        _flights.Land(flight);

        flight.LeaderLeft();
    }

    private Flight Lead()
    {
        var flight = _flights.JoinOrLead(Key, out var leads);
        Assert.True(leads);
        Assert.Equal(Key, flight.Key);
        return flight;
    }

    private Task<FlightResult> WaitAsync(Flight flight) => flight.WaitAsync(Limit, _time, CancellationToken.None);
}
