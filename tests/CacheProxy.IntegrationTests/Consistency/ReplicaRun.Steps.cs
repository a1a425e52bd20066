using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>The parties' steps, and what each of them promises to whom.</summary>
internal sealed partial class ReplicaRun
{
    private async ValueTask StepAsync(int index)
    {
        var party = _parties[index];
        var state = _states[index];
        var replica = _replicas[party.Replica];
        var step = state.Steps++;
        replica.Faults.Caller = state;
        if (step == Party.StepsOf(party.Kind))
        {
            while (state.Late.TryDequeue(out var late))
            {
                await late();
            }
        }
        else
        {
            await (party.Kind switch
            {
                PartyKind.QuickFill => FillAsync(state, replica, step, Silent),
                PartyKind.ForetoldFill => FillAsync(state, replica, step, Silent, LeaseWithLookUp.Shared),
                PartyKind.SpeakingFill => FillAsync(state, replica, step, Speaking),
                PartyKind.Write or PartyKind.RenewedWrite or PartyKind.RefusedWrite or PartyKind.UnansweredWrite =>
                    WriteAsync(party, state, replica, step),
                PartyKind.Eviction => EvictAsync(state, replica, step),
                PartyKind.OutsideWrite => WriteOutsideAsync(state, replica, step),
                PartyKind.SlowRead => SlowlyReadAsync(state, replica, step),
                PartyKind.Retry => new ValueTask(replica.RetryAsync()),
                _ => StepAsideAsync(party.Kind, state, step),
            });
        }

        replica.Faults.Caller = null;
        if (party.Crashes && state.Steps == party.Steps)
        {
            Kill(party.Replica);
        }
    }

    /// <summary>What does not go through a replica.</summary>
    private async ValueTask StepAsideAsync(PartyKind kind, ReplicaPartyState state, int step)
    {
        switch (kind, step)
        {
            case (PartyKind.Clock, _):
                await _explored.AdvanceAsync(PastDeadlines);
                break;
            case (PartyKind.HalfClock, _):
                await _explored.AdvanceAsync(Half);
                break;
            case (PartyKind.Deployment, _):
                _varies = true;
                break;
            case (PartyKind.Deletion, 0):
                state.Version = ++_version;
                break;
            case (PartyKind.Deletion, 1):
                await _explored.DeleteAsync();
                LoseFences(withMemory: false);
                PromiseAll(state.Version);
                break;
            case (PartyKind.Snapshot, _):
                await Restarted.SaveAsync();
                Array.ForEach(_states, static state => state.SaveFence());
                break;
            case (PartyKind.Restart or PartyKind.EmptyRestart, _):
                await Restarted.LoseAsync(kind == PartyKind.Restart);
                LoseFences(kind == PartyKind.Restart);
                Restarted.Learn();
                break;
            case (PartyKind.Failover, 0):
                Restarted.Doubt();
                break;
            case (PartyKind.Failover, 1):
                await Restarted.LoseAsync(withMemory: true);
                LoseFences(withMemory: true);
                break;
            case (PartyKind.Failover, 2):
                Restarted.Learn();
                break;
            default:
                throw new InvalidOperationException("There is no such step.");
        }
    }

    private void LoseFences(bool withMemory) => Array.ForEach(_states, state => state.LoseFence(withMemory));

    /// <summary>What only the dead replica knew of is promised no more; its fences stand.</summary>
    private void Kill(int number)
    {
        var replica = _replicas[number];
        replica.Start();
        replica.Promised = _promisedToAll;
        for (var i = 0; i < _states.Length; i++)
        {
            if (_parties[i].Replica == number && _states[i].IsUnsettled)
            {
                (_states[i].IsUnsettled, _states[i].IsUnpromised) = (false, true);
            }
        }
    }

    private async ValueTask FillAsync(
        ReplicaPartyState state, ExploredReplica replica, int step, VariantSource request, LeaseWithLookUp begins = LeaseWithLookUp.None)
    {
        switch (step)
        {
            case 0:
                await BeginFillAsync(state, replica, request, begins);
                break;
            case 1:
                (state.Version, state.Varies) = (_version, _varies);
                break;
            default:
                await CompleteFillAsync(state, replica, request);
                break;
        }
    }

    private async ValueTask BeginFillAsync(ReplicaPartyState state, ExploredReplica replica, VariantSource request, LeaseWithLookUp begins)
    {
        state.PromisedBefore = replica.Promised;
        var prior = await replica.Cache.LookUpAsync(_explored.Key, request, TimeSpan.Zero, _budget, begins: begins);
        if (prior.Outcome is LookUpOutcome.EvictionPending or LookUpOutcome.Unavailable)
        {
            return;
        }

        // Behind a fence the product would not try; but only the scripts know the explorer's clock, and refuse while it stands.
        var flight = replica.Flights.JoinOrLead(new FlightKey(_explored.Key, prior.Variant), out var leads);
        if (!leads)
        {
            await (prior.Lease is { } unused ? replica.Cache.AbandonFillAsync(_explored.Key, unused, _budget) : default);
            state.Follows = flight.WaitAsync(Timeout.InfiniteTimeSpan, _explored.Time, CancellationToken.None);
            return;
        }

        state.Lease = prior.Lease ?? replica.Cache.NewLease(_explored.Key, prior, exclusive: false);
        if (prior.Lease is not null || await replica.Cache.BeginFillAsync(_explored.Key, state.Lease, _budget) == BeginFillOutcome.Granted)
        {
            state.Leads = flight;
        }
        else
        {
            replica.Flights.Land(flight);
        }
    }

    private async ValueTask CompleteFillAsync(ReplicaPartyState state, ExploredReplica replica, VariantSource request)
    {
        if (state.Leads is not { } flight)
        {
            return;
        }

        var result = Answer(state, request);
        flight.Seal();
        var outcome = await replica.Cache.CompleteFillAsync(_explored.Key, state.Lease!, result, _budget);
        flight.Finish(outcome == CompleteFillOutcome.Stored
            ? FlightResult.Shared(result.Response, result.Variant, result.Vary)
            : FlightResult.Forward);
        foreach (var other in _states)
        {
            if (other.Follows is not null && flight.Waiters > 0 && await other.Follows is { Kind: FlightResultKind.Shared, Response: { } shared })
            {
                Check(shared, other.PromisedBefore, "is shared with a reader that began");
            }
        }

        replica.Flights.Land(flight);
    }

    private async ValueTask WriteAsync(Party party, ReplicaPartyState state, ExploredReplica replica, int step)
    {
        if (state.IsRefused)
        {
            return;
        }

        switch (party.Kind, step)
        {
            case (_, 0):
                await BeginWriteAsync(party, state, replica);
                break;
            case (PartyKind.RenewedWrite, 1):
                await RenewAsync(state.Write!, replica);
                break;
            case (PartyKind.Write, 1) or (PartyKind.RenewedWrite or PartyKind.UnansweredWrite, 2):
                Commit(party, state, replica);
                break;
            case (PartyKind.RefusedWrite, 1):
                await replica.Cache.EndWriteAsync(state.Write!, WriteResult.Unchanged);
                break;
            case (PartyKind.UnansweredWrite, 1):
                state.MayCommitUntil = _explored.Time.GetTimestamp() + (long)(WriteDeadline.TotalSeconds * _explored.Time.TimestampFrequency);
                await replica.Cache.EndWriteAsync(state.Write!, WriteResult.Unknown);
                break;
            default:
                await AcknowledgeAsync(party, state, replica);
                break;
        }
    }

    private async ValueTask BeginWriteAsync(Party party, ReplicaPartyState state, ExploredReplica replica)
    {
        state.Write = new ResourceFence(_explored.Key, state.Token, WriteDeadline, _budget);
        await replica.Cache.BeginWriteAsync(state.Write);
        state.Write.SetTimestamp = state.Write.IsSet ? Math.Max(1, _explored.Time.GetTimestamp()) : 0;
        state.IsRefused = party.IsStrict && !state.Write.IsSet;
        if (!state.IsRefused)
        {
            replica.Cache.GoOnUnfenced(state.Write);
            return;
        }

        await replica.Cache.WithdrawAsync(state.Write, _budget);
    }

    /// <summary>Behind a fence nobody is served anything from now on; without one, its replica knows and tells the others.</summary>
    private void Commit(Party party, ReplicaPartyState state, ExploredReplica replica)
    {
        state.Version = ++_version;
        if (state.IsFenced)
        {
            PromiseAll(state.Version);
        }
        else if (_explored.Time.GetTimestamp() > state.MayCommitUntil || party.Crashes)
        {
            state.IsUnpromised = true;
        }
        else if (state.MayCommitUntil < long.MaxValue)
        {
            replica.Promised = Math.Max(replica.Promised, state.Version);
            state.IsUnsettled = true;
        }
    }

    private async ValueTask AcknowledgeAsync(Party party, ReplicaPartyState state, ExploredReplica replica)
    {
        var wasFenced = state.IsFenced;
        var outcome = await replica.Cache.EndWriteAsync(state.Write!, WriteResult.Changed);
        if (!(_acknowledges ?? replica.Acknowledges)(state.Write!, party.IsStrict, outcome))
        {
            state.IsUnsettled = true;
            return;
        }

        if (wasFenced || party.IsStrict)
        {
            PromiseAll(state.Version);
            return;
        }

        replica.Promised = Math.Max(replica.Promised, state.Version);
        state.IsUnsettled = true;
    }

    private async ValueTask EvictAsync(ReplicaPartyState state, ExploredReplica replica, int step)
    {
        switch (step)
        {
            case 0:
                state.Version = ++_version;
                break;
            case 1:
                state.BeforeTheStore = new TaskCompletionSource();
                state.Running = replica.Cache.EvictAsync(_explored.Key, state.Token, _budget).AsTask();
                break;
            default:
                state.BeforeTheStore!.SetResult();
                await state.Running;
                replica.Promised = Math.Max(replica.Promised, state.Version);
                state.IsUnsettled = true;
                break;
        }
    }

    private async ValueTask SlowlyReadAsync(ReplicaPartyState state, ExploredReplica replica, int step)
    {
        if (step == 0)
        {
            state.AfterTheStore = new TaskCompletionSource();
            state.Running = replica.Cache.LookUpAsync(_explored.Key, Silent, _memoryTtl, _budget).AsTask();
            return;
        }

        state.AfterTheStore!.SetResult();
        await state.Running;
    }
}
