using System.Globalization;
using System.Text;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>What the parties do.</summary>
internal sealed partial class DependencyRun
{
    private async Task FillAsync(PartyTurns party)
    {
        await party.NextAsync();
        var seen = await Reading.Cache.LookUpAsync(Customer, new VariantSource(new HeaderDictionary(), "", null, null), TimeSpan.Zero, _budget);
        var lease = Reading.Cache.NewLease(Customer, seen, exclusive: false);
        if (await Reading.Cache.BeginFillAsync(Customer, lease, _budget) != BeginFillOutcome.Granted)
        {
            return;
        }

        var watch = Reading.Dependencies.Begin(Policy)!;
        await party.NextAsync();
        party.Version = _version;
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [new HeaderField("Content-Type", "application/json")],
            Body = Encoding.UTF8.GetBytes($$"""{"version":{{party.Version}},"pets":[{"id":{{Number}}}]}"""),
            ResponseTimeMs = Reading.Cache.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 600_000,
            Target = party.Version.ToString(CultureInfo.InvariantCulture),
        };
        await Reading.Dependencies.CompleteFillAsync(Request(), lease, new FillResult(VariantKey.Plain, "", response, Retention, 4), watch);
    }

    private CacheRequest Request() => new()
    {
        Context = new DefaultHttpContext { Request = { RouteValues = { ["id"] = Number } } },
        Policy = Policy,
        Key = Customer,
        Variants = new VariantSource(new HeaderDictionary(), "", null, null),
        Directives = default,
        Tenant = "demo",
        Id = Number,
        StoreTimeout = TimeSpan.FromDays(1),
        Budget = _budget,
    };

    private async Task WriteAsync(PartyTurns party, string token)
    {
        var kind = party.Party.Kind;
        var fence = new ResourceFence(Pet, token, WriteDeadline, _budget, IndexFence.For(true, token, TimeSpan.FromDays(1)));
        await BeginAsync(fence);
        if (party.Party.IsStrict && !fence.IsSet)
        {
            await Writing.Cache.WithdrawAsync(fence, _budget);
            return;
        }

        Writing.Cache.GoOnUnfenced(fence);
        if (kind == DependencyPartyKind.RenewedWrite)
        {
            var asked = _time.GetTimestamp();
            if (await Writing.Cache.RenewAsync(fence, _budget) == StoreOutcome.Done)
            {
                fence.SetTimestamp = asked;
            }
        }

        if (kind == DependencyPartyKind.UnansweredWrite)
        {
            await Writing.Cache.EndWriteAsync(fence, WriteResult.Unknown);
        }

        await party.NextAsync();
        party.Version = ++_version;
        if (kind == DependencyPartyKind.UnansweredWrite)
        {
            return;
        }

        // As before the head of an answer goes out.
        if (!fence.Stands(_time))
        {
            await BeginAsync(fence);
        }

        var outcome = await Writing.Cache.EndWriteAsync(fence, WriteResult.Changed);
        _promisedByWriter = Math.Max(_promisedByWriter, party.Version);
        if (outcome == StoreOutcome.Done || fence.Stands(_time))
        {
            _promisedToAll = Math.Max(_promisedToAll, party.Version);
        }
    }

    private async Task BeginAsync(ResourceFence fence)
    {
        var asked = _time.GetTimestamp();
        await Writing.Cache.BeginWriteAsync(fence);
        fence.SetTimestamp = fence.IsSet ? asked : 0;
    }

    private async Task EvictAsync(PartyTurns party, string token)
    {
        await party.NextAsync();
        party.Version = ++_version;
        var outcome = await Writing.Cache.EvictAsync(Pet, token, _budget, hasDependents: true);
        _promisedByWriter = Math.Max(_promisedByWriter, party.Version);
        if (outcome == StoreOutcome.Done)
        {
            _promisedToAll = Math.Max(_promisedToAll, party.Version);
        }
    }
}
