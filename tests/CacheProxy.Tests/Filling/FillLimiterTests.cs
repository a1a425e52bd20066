using CacheProxy.Filling;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Filling;

public sealed class FillLimiterTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly FillBounds Two = new(Total: 2, PerTenant: 10);

    private readonly FakeTimeProvider _time = new();
    private readonly FillLimiter _limiter = new();

    [Fact]
    public void So_many_enter_at_once_and_no_more()
    {
        Assert.False(Enter("a").IsQueued);
        Assert.False(Enter("b").IsQueued);
        Assert.True(Enter("c").IsQueued);
        Assert.Equal((2, 1), (_limiter.Entered, _limiter.Waiting));
    }

    [Fact]
    public async Task Who_leaves_lets_the_next_one_in_once()
    {
        var first = Enter("a");
        Enter("a");
        var third = Wait(Enter("a"));
        var fourth = Wait(Enter("a"));

        first.Leave();
        first.Leave();

        Assert.Equal(FillTurn.Entered, await third);
        Assert.False(fourth.IsCompleted);
        Assert.Equal(2, _limiter.Entered);
    }

    [Fact]
    public void Tenants_take_turns()
    {
        var first = Enter("a");
        var second = Enter("a");
        var flood = Enumerable.Range(0, 5).Select(_ => Enter("a")).ToArray();
        var other = Enter("b");

        first.Leave();
        second.Leave();

        Assert.Equal(FillPlaceState.Entered, flood[0].State);
        Assert.Equal(FillPlaceState.Entered, other.State);
    }

    [Fact]
    public void A_tenant_at_its_own_bound_leaves_room_for_others()
    {
        var bounds = new FillBounds(Total: 3, PerTenant: 1);
        var first = _limiter.Enter(bounds, "a");
        var second = _limiter.Enter(bounds, "a");

        Assert.False(_limiter.Enter(bounds, "b").IsQueued);
        Assert.Equal(FillPlaceState.Waiting, second.State);

        first.Leave();
        Assert.Equal(FillPlaceState.Entered, second.State);
    }

    [Fact]
    public async Task Who_waits_in_vain_is_told_so_and_its_place_in_the_queue_is_the_next_ones()
    {
        var first = Enter("a");
        Enter("a");
        var late = Wait(Enter("a"));
        _time.Advance(Limit / 2);
        var later = Wait(Enter("a"));

        _time.Advance(Limit / 2);
        Assert.Equal(FillTurn.TimedOut, await late);

        first.Leave();
        Assert.Equal(FillTurn.Entered, await later);
    }

    [Fact]
    public async Task Whom_nobody_waits_for_any_more_leaves_the_queue()
    {
        using var gone = new CancellationTokenSource();
        Enter("a");
        Enter("a");
        var waiting = Enter("a").WaitAsync(Limit, _time, gone.Token);

        await gone.CancelAsync();

        Assert.Equal(FillTurn.Abandoned, await waiting);
        Assert.Equal(0, _limiter.Waiting);
    }

    [Fact]
    public void Who_does_not_want_to_wait_gets_a_free_place_or_none()
    {
        Assert.NotNull(_limiter.TryEnter(Two, "a"));
        Assert.NotNull(_limiter.TryEnter(Two, "b"));
        Assert.Null(_limiter.TryEnter(Two, "c"));
        Assert.Equal(0, _limiter.Waiting);
    }

    [Fact]
    public void Wider_bounds_hold_at_once_for_those_who_wait()
    {
        Enter("a");
        Enter("a");
        var waiting = Enter("a");

        Assert.NotNull(_limiter.TryEnter(new FillBounds(Total: 10, PerTenant: 10), "b"));

        Assert.Equal(FillPlaceState.Entered, waiting.State);
    }

    /// <summary>
    /// Whatever comes in whatever order: never more than the bounds, never a free place for one who waits, first come first served within a
    /// tenant, and nobody is lost.
    /// </summary>
    [Fact]
    public void It_holds_its_bounds_keeps_the_order_and_loses_nobody() => Prop.ForAll(
        ArbMap.Default.ArbFor<(int Act, int Which)[]>(),
        ArbMap.Default.ArbFor<(byte Total, byte PerTenant)>(),
        static (acts, wanted) =>
        {
            var bounds = new FillBounds(1 + (wanted.Total % 5), 1 + (wanted.PerTenant % 3));
            var run = new Run(bounds);
            foreach (var (act, which) in acts)
            {
                run.Do(act & 3, which & 0xFFFF);
                run.Check();
            }

            run.End();
        }).QuickCheckThrowOnFailure();

    private FillPlace Enter(string tenant) => _limiter.Enter(Two, tenant);

    private Task<FillTurn> Wait(FillPlace place) => place.WaitAsync(Limit, _time, CancellationToken.None);

    private sealed class Run(FillBounds bounds)
    {
        private static readonly string[] Tenants = ["a", "b", "c"];

        private readonly FillLimiter _limiter = new();
        private readonly List<FillPlace> _places = [];

        public void Do(int act, int which)
        {
            if (act < 2 || _places.Count == 0)
            {
                _places.Add(_limiter.Enter(bounds, Tenants[which % Tenants.Length]));
                return;
            }

            var place = _places[which % _places.Count];
            if (act == 2)
            {
                place.Leave();
            }
            else
            {
                _limiter.GiveUp(place, FillTurn.TimedOut);
            }
        }

        public void Check()
        {
            var entered = In(FillPlaceState.Entered);
            Assert.Equal((entered.Length, In(FillPlaceState.Waiting).Length), (_limiter.Entered, _limiter.Waiting));
            Assert.InRange(entered.Length, 0, bounds.Total);
            foreach (var tenant in Tenants)
            {
                var own = _places.Where(place => place.Tenant.Name == tenant).ToArray();
                var inside = own.Count(static place => place.State == FillPlaceState.Entered);
                var isWaiting = own.Any(static place => place.State == FillPlaceState.Waiting);
                Assert.InRange(inside, 0, bounds.PerTenant);
                Assert.False(isWaiting && inside < bounds.PerTenant && entered.Length < bounds.Total, "A free place, and one who waits.");

                // Once one waits, all who came after wait, too.
                var later = own.SkipWhile(static place => place.State != FillPlaceState.Waiting);
                Assert.DoesNotContain(later, static place => place.State == FillPlaceState.Entered);
            }
        }

        public void End()
        {
            while (In(FillPlaceState.Entered) is { Length: > 0 } entered)
            {
                entered[0].Leave();
                Check();
            }

            Assert.Equal((0, 0), (_limiter.Entered, _limiter.Waiting));
        }

        private FillPlace[] In(FillPlaceState state) => [.. _places.Where(place => place.State == state)];
    }
}
