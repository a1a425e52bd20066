using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// Plays one interleaving of parties that go through replicas, with faults between those and the store. After each step a reader looks up
/// through each replica.
/// </summary>
internal sealed partial class ReplicaRun : IInterleavingRun
{
    private const string Language = "accept-language";

    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(600);
    private static readonly TimeSpan Half = TimeSpan.FromSeconds(16);
    private static readonly TimeSpan PastDeadlines = TimeSpan.FromSeconds(61);
    private static readonly TimeSpan PastEverything = TimeSpan.FromSeconds(601);
    private static readonly VariantSource Silent = new(new HeaderDictionary(), "", null, null);
    private static readonly VariantSource Speaking = new(new HeaderDictionary { [Language] = "de" }, "", null, null);

    private readonly IExploredStore _explored;
    private readonly Party[] _parties;
    private readonly ReplicaPartyState[] _states;
    private readonly ExploredReplica[] _replicas;
    private readonly AcknowledgeRule? _acknowledges;
    private readonly TimeSpan _memoryTtl;
    private readonly bool _restarts;

    // One for the run: a budget that never ends cannot be what fails a step.
    private readonly StoreTimeoutBudget _budget = new(TimeSpan.FromDays(1));
    private int _version;
    private bool _varies;
    private int _promisedToAll;
    private int _runs;

    /// <param name="explored">The store that the replicas share.</param>
    /// <param name="parties">The system.</param>
    /// <param name="damage">What is wrong with what the replicas take for the store.</param>
    /// <param name="acknowledges">Whether a client is told of a write that ended like this; the product's own rule by default.</param>
    /// <param name="takesBlindly">Whether the intake acknowledges without looking; the product looks whether the store has the eviction.</param>
    public ReplicaRun(
        IExploredStore explored,
        Party[] parties,
        Func<ICacheStore, ICacheStore>? damage = null,
        AcknowledgeRule? acknowledges = null,
        bool takesBlindly = false)
    {
        _takesBlindly = takesBlindly;
        _explored = explored;
        _acknowledges = acknowledges;
        _parties = parties;
        _states = [.. parties.Select(party => new ReplicaPartyState(party, explored.Time))];
        var replicas = 1 + parties.Max(static party => party.Replica);
        _replicas = [.. Enumerable.Range(0, replicas).Select(_ => new ExploredReplica(explored.Store, explored.Time, damage ?? DamagedStores.Sound))];
        _memoryTtl = parties.Any(static party => party.Kind == PartyKind.SlowRead) ? PastDeadlines * 8 : TimeSpan.Zero;
        _restarts = parties.Any(static party => party.Kind is PartyKind.Snapshot or PartyKind.Restart or PartyKind.EmptyRestart or PartyKind.Failover);
    }

    public int Unpromised { get; private set; }

    public async ValueTask PlayAsync(ReadOnlyMemory<byte> order)
    {
        await BeginAsync();
        for (var i = 0; i < order.Length; i++)
        {
            try
            {
                await StepAsync(order.Span[i]);
                Settle();
                await ReadAsync();
            }
            catch (InterleavingException exception)
            {
                throw new InterleavingException($"After {Story(order, i)}: {exception.Message}.");
            }
        }

        try
        {
            await RecoverAsync();
        }
        catch (InterleavingException exception)
        {
            throw new InterleavingException($"After {Story(order, order.Length - 1)}, and when all had run out: {exception.Message}.");
        }

        if (Array.Exists(_states, static state => state.IsUnpromised))
        {
            Unpromised++;
        }
    }

    private async ValueTask BeginAsync()
    {
        _version = 1;
        _varies = false;
        _runs++;
        for (var i = 0; i < _states.Length; i++)
        {
            _states[i].Reset((_runs * _states.Length) + i);
        }

        _promisedToAll = 0;
        foreach (var replica in _replicas)
        {
            replica.Promised = 0;
        }

        if (_restarts)
        {
            await Restarted.SaveAsync();
            Restarted.Learn();
        }
    }

    private IRestartedStore Restarted => (IRestartedStore)_explored;

    private static FillResult Answer(ReplicaPartyState state, in VariantSource request)
    {
        var response = ExploredResponse.Of(state.Version);
        response = response with { Body = (byte[])[.. response.Body.Span, (byte)request.Headers.Count] };
        var vary = state.Varies ? Language : "";
        return new FillResult(VariantDigest.Compute(request, vary), vary, response, Retention, MaxVariants: 4);
    }

    private async ValueTask RenewAsync(ResourceFence fence, ExploredReplica replica)
    {
        if (await replica.Cache.RenewAsync(fence, _budget) == StoreOutcome.Done)
        {
            fence.SetTimestamp = Math.Max(1, _explored.Time.GetTimestamp());
        }
    }

    private void PromiseAll(int version)
    {
        _promisedToAll = Math.Max(_promisedToAll, version);
        foreach (var replica in _replicas)
        {
            replica.Promised = Math.Max(replica.Promised, version);
        }
    }

    /// <summary>The eviction that a replica had pending has reached the store: now all know of the write.</summary>
    private void Settle()
    {
        for (var i = 0; i < _states.Length; i++)
        {
            if (_states[i].IsUnsettled && !_replicas[_parties[i].Replica].HasPendingEvictions)
            {
                _states[i].IsUnsettled = false;
                PromiseAll(_states[i].Version);
            }
        }
    }

    /// <summary>A reader begins now, through each replica: what it is served is nothing older than what it may rely on.</summary>
    private async ValueTask ReadAsync()
    {
        foreach (var replica in _replicas)
        {
            if (replica.Promised > 0 || _varies)
            {
                await ReadAsync(replica, Silent);
            }
        }
    }

    private async ValueTask<LookUpResult> ReadAsync(ExploredReplica replica, VariantSource request)
    {
        var caller = replica.Faults.Caller;
        replica.Faults.Caller = null;
        var found = await replica.Cache.LookUpAsync(_explored.Key, request, _memoryTtl, _budget);
        replica.Faults.Caller = caller;
        if (found.Outcome == LookUpOutcome.Unavailable)
        {
            throw new InterleavingException("the store is unavailable");
        }

        if (found.Response is { } response)
        {
            Check(response, replica.Promised, "is served");
            if (found.Vary.Length > 0 && response.Body.Span[4] != request.Headers.Count)
            {
                throw new InterleavingException("a request is served what another one was answered, though the resource is known to vary");
            }
        }

        return found;
    }

    private static void Check(StoredResponse response, int promised, string what)
    {
        if (ExploredResponse.VersionOf(response) is var version && version < promised)
        {
            throw new InterleavingException($"version {version} {what} after {promised} was promised");
        }
    }

    /// <summary>
    /// After everything has run out and been retried, nothing is pending, the resource can be filled again through each replica and is
    /// served as it is; after that, nothing is left of it.
    /// </summary>
    private async ValueTask RecoverAsync()
    {
        if (_restarts)
        {
            Restarted.Learn();
        }

        await _explored.AdvanceAsync(PastDeadlines);
        foreach (var replica in _replicas)
        {
            replica.Faults.Caller = null;
            await replica.RetryAsync();
            if (replica.HasPendingEvictions)
            {
                throw new InterleavingException("an eviction is pending for ever");
            }
        }

        Settle();
        await ReadAsync();
        var state = new ReplicaPartyState(default, _explored.Time);
        foreach (var replica in _replicas)
        {
            state.Reset(0);
            await BeginFillAsync(state, replica, Silent, LeaseWithLookUp.None);
            (state.Version, state.Varies) = (_version, _varies);
            await CompleteFillAsync(state, replica, Silent);
            PromiseAll(_version);
            if ((await ReadAsync(replica, Silent)).Outcome != LookUpOutcome.Found)
            {
                throw new InterleavingException("the resource cannot be filled again");
            }
        }

        if (!_varies && !await _explored.HoldsNothingButTheEntryAsync())
        {
            throw new InterleavingException("something outlives its deadline beside the entry");
        }

        if (await _explored.AdvanceAsync(PastEverything))
        {
            throw new InterleavingException("something is left over");
        }
    }

    private string Story(ReadOnlyMemory<byte> order, int step)
    {
        var taken = new int[_parties.Length];
        return string.Join(' ', order.ToArray().Take(step + 1).Select(party => $"{_parties[party].Kind}{party}.{++taken[party]}"))
            + $" [{string.Join("; ", _parties)}]";
    }
}
