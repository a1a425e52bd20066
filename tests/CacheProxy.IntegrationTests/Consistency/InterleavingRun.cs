using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// Plays one interleaving: an API that is a version number, parties that take their steps in the given order, and a reader that looks
/// up after each of them.
/// </summary>
internal sealed class InterleavingRun : IInterleavingRun
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan PastDeadlines = TimeSpan.FromSeconds(31);
    private static readonly TimeSpan PastEverything = TimeSpan.FromSeconds(301);

    private readonly IExploredStore _explored;
    private readonly Party[] _parties;
    private readonly PartyState[] _states;

    // One for the run: budget that never ends cannot be what fails a step.
    private readonly StoreTimeoutBudget _budget = new(TimeSpan.FromDays(1));
    private int _version;
    private int _promised;
    private int _runs;

    public InterleavingRun(IExploredStore explored, Party[] parties)
    {
        _explored = explored;
        _parties = parties;
        _states = [.. parties.Select(static _ => new PartyState())];
    }

    /// <summary>Interleavings in which a write that nobody was told of had lost its fence before the API committed it: nothing is promised of those.</summary>
    public int Unpromised { get; private set; }

    /// <exception cref="InterleavingException">The store broke its promise.</exception>
    public async ValueTask PlayAsync(ReadOnlyMemory<byte> order)
    {
        _version = 1;
        _promised = 0;
        _runs++;
        for (var i = 0; i < _states.Length; i++)
        {
            _states[i].Reset(_runs * _states.Length + i);
        }

        for (var i = 0; i < order.Length; i++)
        {
            if (await StepAsync(order.Span[i]))
            {
                await ReadAsync(order, i);
            }
        }

        await RecoverAsync(order);
        foreach (var state in _states)
        {
            if (state.IsUnpromised)
            {
                Unpromised++;
                break;
            }
        }
    }

    private static StoredResponse Response(int version) => ExploredResponse.Of(version) with { LifetimeMs = 300_000 };

    /// <summary>Takes the party's next step; says whether a reader might now see something else than before.</summary>
    private async ValueTask<bool> StepAsync(int party)
    {
        var state = _states[party];
        var step = state.Steps++;
        switch (_parties[party].Kind, step)
        {
            case (PartyKind.Fill, 0):
                await LookUpAsync(state);
                break;
            case (PartyKind.QuickFill, 0):
                await LookUpAsync(state);
                await BeginFillAsync(state);
                break;
            case (PartyKind.ForetoldFill, 0):
                await LookUpOrBeginFillAsync(state);
                break;
            case (PartyKind.Fill, 1):
                await BeginFillAsync(state);
                break;
            case (PartyKind.Fill, 2) or (PartyKind.QuickFill or PartyKind.ForetoldFill, 1):
                state.Version = _version;
                return false;
            case (PartyKind.Fill, 3) or (PartyKind.QuickFill or PartyKind.ForetoldFill, 2):
                await CompleteFillAsync(state);
                break;
            case (PartyKind.Write or PartyKind.RenewedWrite or PartyKind.RefusedWrite or PartyKind.UnansweredWrite, 0) or (PartyKind.RenewedWrite, 1):
                await _explored.Store.BeginWriteAsync(_explored.Key, state.Token, WriteDeadline, _budget);
                state.IsFenced = true;
                break;
            case (PartyKind.Write, 1) or (PartyKind.RenewedWrite or PartyKind.UnansweredWrite, 2) or (PartyKind.Deletion or PartyKind.SoftPurge, 0):
                state.Version = ++_version;
                state.IsUnpromised = (_parties[party].IsUnanswered || _parties[party].Crashes) && !state.IsFenced;
                return false;
            case (PartyKind.Write, 2) or (PartyKind.RenewedWrite, 3):
                await EndWriteAsync(state, WriteResult.Changed);
                Promise(state.Version);
                break;
            case (PartyKind.RefusedWrite, 1):
                await EndWriteAsync(state, WriteResult.Unchanged);
                break;
            case (PartyKind.UnansweredWrite, 1):
                await EndWriteAsync(state, WriteResult.Unknown);
                break;
            case (PartyKind.Deletion, 1):
                await _explored.DeleteAsync();
                Promise(state.Version);
                Unfence();
                break;
            case (PartyKind.SoftPurge, 1):
                await _explored.Store.MarkStaleAsync(_explored.Key, state.Token, _budget);
                Promise(state.Version);
                break;
            case (PartyKind.Clock, 0):
                await RunOutAsync();
                break;
            default:
                throw new InvalidOperationException("There is no such step.");
        }

        return true;
    }

    private async ValueTask LookUpAsync(PartyState state) =>
        state.Seen = (await _explored.Store.LookUpAsync(_explored.Key, VariantKey.Plain, _budget)).Stamp;

    private async ValueTask LookUpOrBeginFillAsync(PartyState state)
    {
        var found = await _explored.Store.LookUpOrBeginFillAsync(_explored.Key, NewLease(state), _budget);
        (state.Lease, state.Seen) = (found.Lease, found.Stamp);
        if (state.Lease is null)
        {
            await BeginFillAsync(state);
        }
    }

    private FillLease NewLease(PartyState state) =>
        new(_explored.Store.NewFillToken(_explored.Key), VariantKey.Plain, state.Seen, Lease, Exclusive: false);

    private async ValueTask BeginFillAsync(PartyState state)
    {
        state.Lease = NewLease(state);
        if (await _explored.Store.BeginFillAsync(_explored.Key, state.Lease, _budget) != BeginFillOutcome.Granted)
        {
            state.Lease = null;
        }
    }

    private async ValueTask CompleteFillAsync(PartyState state)
    {
        if (state.Lease is not null)
        {
            var result = new FillResult(VariantKey.Plain, "", Response(state.Version), Retention, MaxVariants: 4);
            await _explored.Store.CompleteFillAsync(_explored.Key, state.Lease, result, _budget);
        }
    }

    private async ValueTask EndWriteAsync(PartyState state, WriteResult result) =>
        await _explored.Store.EndWriteAsync(_explored.Key, state.Token, result, _budget);

    private async ValueTask RunOutAsync()
    {
        await _explored.AdvanceAsync(PastDeadlines);
        for (var i = 0; i < _parties.Length; i++)
        {
            // A write that the API committed behind its fence, though nobody was told: from now on nothing older may be seen.
            if (_parties[i].IsUnanswered && _states[i] is { IsFenced: true, Version: > 0 })
            {
                Promise(_states[i].Version);
            }
        }

        Unfence();
    }

    private void Promise(int version) => _promised = Math.Max(_promised, version);

    private void Unfence()
    {
        foreach (var state in _states)
        {
            state.IsFenced = false;
        }
    }

    /// <summary>A reader that begins now: what it is served is nothing older than what was promised.</summary>
    private async ValueTask ReadAsync(ReadOnlyMemory<byte> order, int step)
    {
        if (_promised > 0)
        {
            await ReadAnywayAsync(order, step);
        }
    }

    private async ValueTask<LookUpResult> ReadAnywayAsync(ReadOnlyMemory<byte> order, int step)
    {
        var found = await _explored.Store.LookUpAsync(_explored.Key, VariantKey.Plain, _budget);
        if (found.Outcome == LookUpOutcome.Unavailable)
        {
            throw Broken("the store is unavailable", order, step);
        }

        if (found.Response is { Freshness.IsPurged: false } response && ExploredResponse.VersionOf(response) is var version && version < _promised)
        {
            throw Broken($"version {version} is served after {_promised} was acknowledged", order, step);
        }

        return found;
    }

    /// <summary>After everything has run out the resource can be filled again and is served as it is; after that, nothing is left of it.</summary>
    private async ValueTask RecoverAsync(ReadOnlyMemory<byte> order)
    {
        var last = order.Length - 1;
        await RunOutAsync();
        var state = new PartyState();
        state.Reset(int.MaxValue - _runs);
        state.Seen = (await ReadAnywayAsync(order, last)).Stamp;
        await BeginFillAsync(state);
        state.Version = _version;
        await CompleteFillAsync(state);
        Promise(_version);
        if (state.Lease is null || (await ReadAnywayAsync(order, last)).Outcome != LookUpOutcome.Found)
        {
            throw Broken("the resource cannot be filled again", order, last);
        }

        if (!await _explored.HoldsNothingButTheEntryAsync())
        {
            throw Broken("something outlives its deadline beside the entry", order, last);
        }

        if (await _explored.AdvanceAsync(PastEverything))
        {
            throw Broken("something is left over", order, last);
        }
    }

    private InterleavingException Broken(string what, ReadOnlyMemory<byte> order, int step)
    {
        var taken = new int[_parties.Length];
        var story = order.ToArray().Take(step + 1).Select(party => $"{_parties[party].Kind}{party}.{++taken[party]}");
        return new InterleavingException($"After {string.Join(' ', story)}: {what}.");
    }
}
