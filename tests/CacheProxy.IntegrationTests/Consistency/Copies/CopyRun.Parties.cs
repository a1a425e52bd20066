using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>What the parties do, and what is promised of it.</summary>
internal sealed partial class CopyRun
{
    private Task PlayAsync(CopyTurns turns) => turns.Party.Kind switch
    {
        CopyPartyKind.Look => LookAsync(turns, _replicas[turns.Party.Replica]),
        CopyPartyKind.Fill => FillAsync(turns, _replicas[turns.Party.Replica]),
        CopyPartyKind.Write or CopyPartyKind.LongWrite or CopyPartyKind.Refusal => WriteAsync(turns, _replicas[turns.Party.Replica]),
        CopyPartyKind.Eviction => EvictAsync(turns, _replicas[turns.Party.Replica]),
        CopyPartyKind.Answer => AnswerAsync(turns, _replicas[turns.Party.Replica]),
        _ => StepAsideAsync(turns),
    };

    private async Task LookAsync(CopyTurns turns, CopyReplica replica)
    {
        await turns.NextAsync("asks");
        var promised = _promised;
        replica.Cache.RememberTags(_shared.Key, turns.Party.IsUnforetold ? [] : _tags);
        var found = await QuicklyAsync(turns, () => replica.Cache.LookUpAsync(_shared.Key, Request, MemoryTtl, _budget));
        Check(found, promised, "is the answer to a read that began");
    }

    private async Task WriteAsync(CopyTurns turns, CopyReplica replica)
    {
        await turns.NextAsync("begins");
        using var awaited = replica.Cache.Await();
        var fence = new ResourceFence(KeyOf(turns.Party), turns.Token, WriteDeadline, _budget) { Awaited = awaited };
        await QuicklyAsync(turns, () => Done(replica.Cache.BeginWriteAsync(fence).AsTask()));
        replica.Cache.GoOnUnfenced(fence);
        if (turns.Party.Kind == CopyPartyKind.Refusal)
        {
            await QuicklyAsync(turns, () => replica.Cache.EndWriteAsync(fence, WriteResult.Unchanged));
            return;
        }

        if (turns.Party.Kind == CopyPartyKind.LongWrite)
        {
            await turns.NextAsync("is committed");
        }

        var version = ++_version;
        var ended = await QuicklyAsync(turns, () => replica.Cache.EndWriteAsync(fence, WriteResult.Changed));
        await (awaited?.WaitAsync(CancellationToken.None) ?? default);
        if (!turns.IsDead && (fence.IsSet || ended == StoreOutcome.Done))
        {
            Promise(version);
        }
    }

    private async Task EvictAsync(CopyTurns turns, CopyReplica replica)
    {
        await turns.NextAsync("is committed");
        var version = ++_version;
        var evicted = await QuicklyAsync(turns, () => replica.Cache.EvictAsync(KeyOf(turns.Party), turns.Token, _budget));
        if (!turns.IsDead && evicted == StoreOutcome.Done)
        {
            Promise(version);
        }
    }

    private ResourceKey KeyOf(CopyParty party) => party.IsOfTag ? _shared.Tag : _shared.Key;

    private static ValueTask<T> QuicklyAsync<T>(CopyTurns turns, Func<ValueTask<T>> call) =>
        turns.Party.IsQuick ? CopyTurns.AtOnceAsync(call) : call();

    /// <summary>What does not go through a replica.</summary>
    private async Task StepAsideAsync(CopyTurns turns)
    {
        var party = turns.Party;
        await turns.NextAsync("happens");
        switch (party.Kind)
        {
            case CopyPartyKind.Clock:
                await _context.WaitAsync(Done(_shared.AdvanceAsync(party.Time).AsTask()));
                break;
            case CopyPartyKind.Kill:
                Kill(party.Replica);
                await ProbeAsync(party.Replica);
                break;
            case CopyPartyKind.Double:
                _shared.Bus.Deliver(Next(party.Replica)!);
                break;
            case CopyPartyKind.Loss:
                TakeMessage(party.Replica);
                break;
            case CopyPartyKind.Cut:
                _replicas[party.Replica].Bus.Close();
                await turns.NextAsync("ends");
                _replicas[party.Replica].Bus.Open();
                break;
            case CopyPartyKind.Snapshot:
                await _context.WaitAsync(Done(_shared.SaveAsync().AsTask()));
                break;
            case CopyPartyKind.Restart or CopyPartyKind.EmptyRestart:
                await _context.WaitAsync(Done(_shared.RestartAsync(party.Kind == CopyPartyKind.Restart).AsTask()));
                await LoseTouchAsync();
                break;
            case CopyPartyKind.Probe:
                await ProbeAsync(party.Replica);
                break;
            case CopyPartyKind.Retry:
                await CopyTurns.AtOnceAsync(() => Done(_replicas[party.Replica].RetryAsync()));
                break;
            default:
                throw new InvalidOperationException("There is no such party.");
        }
    }

    /// <summary>The store is another one: each replica finds it in a step of its own, or, if there is none, at once.</summary>
    private async Task LoseTouchAsync()
    {
        for (var i = 0; i < _replicas.Count; i++)
        {
            _replicas[i].Steps.IsCutOff = true;
            if (!Array.Exists(_parties, party => party.Party.Kind == CopyPartyKind.Probe && party.Party.Replica == i && !party.HasStarted))
            {
                await ProbeAsync(i);
            }
        }
    }

    private async Task ProbeAsync(int replica)
    {
        await _context.WaitAsync(Done(_shared.ProbeAsync(replica).AsTask()));
        _replicas[replica].Steps.IsCutOff = false;
    }

    private void Kill(int replica)
    {
        foreach (var party in _parties)
        {
            party.IsDead |= party.Party.Replica == replica && !party.Party.IsOfNoReplica && party.HasStarted;
        }

        Holds += _replicas[replica].Steps.TakeHolds();
        _replicas[replica].Start();
        _began[replica] = default;
    }

    private void Promise(int version) => _promised = Math.Max(_promised, version);

    /// <summary>As if nothing had been: what is filled is held and served from the copy.</summary>
    private void HoldAgain(CopyReplica replica)
    {
        if (!_context.Run(() => FillAsync(replica)))
        {
            throw new InterleavingException("the resource cannot be filled again");
        }

        Promise(_version);
        replica.Steps.HoldsForAll = true;
        Check(_context.Run(LookUp), _promised, "is found");
        var asked = replica.Steps.LookUps;
        Check(_context.Run(LookUp), _promised, "is served");
        replica.Steps.HoldsForAll = false;
        if (replica.Steps.LookUps != asked)
        {
            throw new InterleavingException("the replica holds no copy any more");
        }

        ValueTask<LookUpResult> LookUp() => replica.Cache.LookUpAsync(_shared.Key, Request, MemoryTtl, _budget);
    }

    /// <summary>A reader begins now, through each replica: what it is served is nothing older than what was promised.</summary>
    private void Read()
    {
        if (_promised == 0)
        {
            return;
        }

        foreach (var replica in _replicas)
        {
            var asked = replica.Steps.LookUps;
            Check(_context.Run(() => replica.Cache.LookUpAsync(_shared.Key, Request, MemoryTtl, _budget)), _promised, "is served");
            FromCopies += replica.Steps.LookUps == asked ? 1 : 0;
        }
    }

    private static void Check(in LookUpResult found, int promised, string what)
    {
        if (found.Response is { } response && ExploredResponse.VersionOf(response) is var version && version < promised)
        {
            throw new InterleavingException($"version {version} {what} after {promised} was promised");
        }
    }
}
