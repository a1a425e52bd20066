using System.Globalization;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>
/// Plays one order of steps of the product's own code in replicas that hold copies of one resource, and of its tag. A step is a call's way to the store, its
/// reply's way back, the delivery of a message, or a move of the clock. After each of them a reader comes to every replica.
/// </summary>
internal sealed partial class CopyRun
{
    public static readonly TimeSpan MemoryTtl = TimeSpan.FromSeconds(1);

    /// <summary>The lease and its margin.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(1_100);

    private const int RunsPerRecovery = 10;

    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PastDeadlines = TimeSpan.FromSeconds(61);
    private static readonly VariantSource Request = new(new Microsoft.AspNetCore.Http.HeaderDictionary(), "", null, null);

    private readonly ICopiedStore _shared;
    private readonly SteppedContext _context;
    private readonly CopyDamage _damage;
    private readonly List<CopyReplica> _replicas = [];

    // One for the run: a budget that never ends cannot be what fails a step.
    private readonly StoreTimeoutBudget _budget = new(TimeSpan.FromDays(1));
    private readonly List<CopyStep> _enabled = [];
    private ResourceKey[] _tags = [];
    private CopyTurns[] _parties = [];
    private int _runs;
    private int _version;
    private int _promised;

    public CopyRun(ICopiedStore shared, SteppedContext context, CopyDamage damage) => (_shared, _context, _damage) = (shared, context, damage);

    /// <summary>How many leases were granted to replicas, in all that has been played.</summary>
    public long Holds { get; private set; }

    /// <summary>How many reads were served without asking the store.</summary>
    public long FromCopies { get; private set; }

    public void Begin(CopyParty[] system)
    {
        while (_replicas.Count <= system.Max(static party => party.Replica))
        {
            _replicas.Add(new CopyReplica(_shared, _context, _replicas.Count, _damage));
        }

        if (_runs > 0)
        {
            _replicas.ForEach(replica => replica.Forget(_shared.Key, _shared.Tag));
        }

        _context.Run(() => Done(_shared.RenewAsync().AsTask()));
        _tags = Array.Exists(system, static party => party.IsOfTag) ? [_shared.Tag] : [];
        // Foretold to all; who is not to know them forgets them.
        _replicas.ForEach(replica => replica.Cache.RememberTags(_shared.Key, _tags));
        NoteNumbers();
        _runs++;
        (_version, _promised) = (1, 0);
        _parties = [.. system.Select((party, i) => new CopyTurns(party, ((_runs * system.Length) + i).ToString("x32", CultureInfo.InvariantCulture)))];
        _context.Run(() => FillAsync(_replicas[0]));
        foreach (var party in _parties)
        {
            party.Start(PlayAsync);
        }

        _context.Settle();
        Read();
    }

    /// <summary>What may happen next, always in the same order.</summary>
    public IReadOnlyList<CopyStep> Enabled()
    {
        _enabled.Clear();
        for (var i = 0; i < _parties.Length; i++)
        {
            for (var way = 0; way < _parties[i].Waiting && IsFirstOfEquals(i) && HasWhatItTakes(_parties[i].Party); way++)
            {
                _enabled.Add(new CopyStep(CopyStepKind.Turn, i, way));
            }
        }

        for (var i = 0; i < _replicas.Count; i++)
        {
            if (IsMessageFor(i))
            {
                _enabled.Add(new CopyStep(CopyStepKind.Delivery, i));
            }

            if (_replicas[i].Steps.Late.Count > 0)
            {
                _enabled.Add(new CopyStep(CopyStepKind.LateCall, i));
            }
        }

        return _enabled;
    }

    public string Describe(CopyStep step) => step.Kind switch
    {
        CopyStepKind.Turn => $"{_parties[step.Number].Party}: {_parties[step.Number].Next(step.Way)}",
        CopyStepKind.Delivery => Next(step.Number) is { IsInvalidation: false } ? $"{Letter(step.Number)} gets an acknowledgement" : $"{Letter(step.Number)} gets an invalidation",
        CopyStepKind.LateCall => $"a late call of {Letter(step.Number)} is carried out",
    };

    /// <exception cref="InterleavingException">A promise was broken.</exception>
    public void Take(CopyStep step)
    {
        switch (step.Kind)
        {
            case CopyStepKind.Turn:
                _parties[step.Number].GoOn(step.Way);
                break;
            case CopyStepKind.Delivery:
                _shared.Bus.Deliver(TakeMessage(step.Number));
                break;
            case CopyStepKind.LateCall:
                _ = _replicas[step.Number].Steps.Late.Dequeue().CarryOutAsync().AsTask();
                break;
        }

        _context.Settle();
        foreach (var party in _parties)
        {
            if (party.Work.IsFaulted)
            {
                party.Work.GetAwaiter().GetResult();
            }
        }

        Read();
    }

    /// <summary>
    /// Nothing more happens but that time passes: then no answer is waited for, the resource can be filled and held again through each replica,
    /// and nothing is left over.
    /// </summary>
    public void End()
    {
        if (!Array.Exists(_parties, static party => party.Party.CostsTime))
        {
            Answered("although all have acknowledged");
        }

        _shared.Bus.TakeAll();
        Advance(Grace + MemoryTtl / 10);
        EndAnswers();
        Answered("for ever");
        Read();
        foreach (var replica in _replicas)
        {
            replica.Bus.Open();
            while (replica.Steps.Late.TryDequeue(out var late))
            {
                _context.Run(() => Done(late.CarryOutAsync().AsTask()));
            }
        }

        // Most of the time goes by here, and it differs little from one order to the next.
        if (_runs % RunsPerRecovery == 0 || _replicas.Exists(static replica => replica.HasPendingEvictions))
        {
            Recover();
        }

        Holds += _replicas.Sum(static replica => replica.Steps.TakeHolds());
        _shared.Bus.TakeAll();
        _context.Run(() => Done(_shared.DeleteAsync().AsTask()));
    }

    /// <summary>An answer whose head was withheld until now has its end.</summary>
    private void EndAnswers()
    {
        for (var i = 0; i < _parties.Length; i++)
        {
            while (_parties[i].Party.Kind == CopyPartyKind.Answer && _parties[i].Waiting > 0)
            {
                Take(new CopyStep(CopyStepKind.Turn, i));
                Advance(Grace);
            }
        }
    }

    /// <summary>Ends what is left of an order that was not played to its end.</summary>
    public void Abandon()
    {
        foreach (var party in _parties)
        {
            party.IsDead = true;
        }

        _replicas.ForEach(static replica => replica.Start());
        // Who waits for a holder would go on to tell it in the next order, where another may have its name.
        Advance(Grace + MemoryTtl / 10);
        _shared.Bus.TakeAll();
        _context.Run(() => Done(_shared.DeleteAsync().AsTask()));
    }

    private void Recover()
    {
        Advance(PastDeadlines);
        foreach (var replica in _replicas)
        {
            _context.Run(() => Done(replica.RetryAsync()));
        }

        // What an eviction without a fence has found is waited for.
        _shared.Bus.TakeAll();
        Advance(Grace);
        if (_replicas.Exists(static replica => replica.HasPendingEvictions))
        {
            throw new InterleavingException("an eviction is pending for ever");
        }

        Read();
        _replicas.ForEach(HoldAgain);
        Advance(Grace);
        if (!_context.Run(_shared.HoldsNothingButEntriesAsync))
        {
            throw new InterleavingException("something outlives its deadline beside the entry");
        }
    }

    private static char Letter(int replica) => (char)('A' + replica);

    private static async ValueTask<bool> Done(Task task)
    {
        await task;
        return true;
    }

    // Of orders that differ only in which of two equal parties is which, one is played: the one in which they start in turn.
    private bool IsFirstOfEquals(int i) =>
        _parties[i].HasStarted || i == 0 || _parties[i - 1].Party != _parties[i].Party || _parties[i - 1].HasStarted;

    private bool HasWhatItTakes(CopyParty party) => party.Kind switch
    {
        CopyPartyKind.Double or CopyPartyKind.Loss => IsMessageFor(party.Replica),
        CopyPartyKind.Probe => _replicas[party.Replica].Steps.IsCutOff,
        _ => true,
    };

    private bool IsMessageFor(int replica) => Next(replica) is not null;

    private CacheProxy.Tests.Store.ReplicaMessage? Next(int replica) =>
        Array.Find(_shared.Bus.Waiting, message => message.To == _replicas[replica].Name);

    private CacheProxy.Tests.Store.ReplicaMessage TakeMessage(int replica)
    {
        var next = Next(replica)!;
        _shared.Bus.TakeAll(message => message == next);
        return next;
    }

    private void Advance(TimeSpan time)
    {
        _context.Run(() => Done(_shared.AdvanceAsync(time).AsTask()));
        _context.Settle();
    }

    private void Answered(string how)
    {
        if (Array.Find(_parties, static party => party.Party.IsWriter && !party.IsDead && !party.Work.IsCompleted) is { } writer)
        {
            throw new InterleavingException($"the answer to {writer.Party} is withheld {how}");
        }
    }
}
