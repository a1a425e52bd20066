using System.Globalization;
using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency.Dependencies;

/// <summary>
/// Plays one order of steps of the product's own code: fills of a customer through one replica, writes of the pet that it contains through
/// another. After each step a reader looks the customer up through both.
/// </summary>
internal sealed partial class DependencyRun
{
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(600);
    private static readonly TimeSpan BetweenSteps = TimeSpan.FromSeconds(1);
    // Within what is allowed for: a thousandth.
    private static readonly TimeSpan Drift = TimeSpan.FromMilliseconds(-1);
    private static readonly TimeSpan PastDeadlines = TimeSpan.FromSeconds(61);
    private static readonly TimeSpan PastADeadline = TimeSpan.FromSeconds(31);
    private static readonly TimeSpan PastEverything = TimeSpan.FromSeconds(700);

    private static readonly CachePolicy Policy = new PolicySet(
        [
            new CachePolicyOptions { Name = "customer", Key = "{tenant}:customer:{id}", DependsOn = [new("pet", Pointer("/pets/*/id"))] },
            new CachePolicyOptions { Name = "pet", Key = "{tenant}:pet:{id}" },
        ],
        "").Find("customer")!;

    private readonly FakeTimeProvider _time = new();
    private readonly ExploredNodes _nodes = new();
    private readonly Damage _damage;
    private readonly Replica[] _replicas;
    private readonly StoreTimeoutBudget _budget = new(TimeSpan.FromDays(1));
    private PartyTurns[] _parties = [];
    private int _runs;
    private int _version;
    private int _promisedToAll;
    private int _promisedByWriter;

    /// <param name="damage">What is wrong with what the replicas take for the store.</param>
    public DependencyRun(Damage? damage = null)
    {
        _damage = damage ?? (static (store, _) => store);
        _replicas = [NewReplica(), NewReplica()];
    }

    private Replica NewReplica()
    {
        var turned = new TurnedStore(_nodes);
        return new Replica(turned, _damage(turned, _nodes), _time);
    }

    private Replica Reading => _replicas[0];

    private Replica Writing => _replicas[1];

    private ResourceKey Customer => new("demo:customer:" + Number);

    private ResourceKey Pet => new("demo:pet:" + Number);

    private string Number => _runs.ToString(CultureInfo.InvariantCulture);

    /// <summary>The parties that may take the next step.</summary>
    public IEnumerable<int> Enabled => Enumerable.Range(0, _parties.Length).Where(i => _parties[i].CanGoOn);

    public async Task BeginAsync(DependencyParty[] system)
    {
        _runs++;
        (_version, _promisedToAll, _promisedByWriter) = (1, 0, 0);
        if (Array.Exists(system, static party => party.Kind == DependencyPartyKind.Snapshot))
        {
            await _nodes.BeginSavingAsync();
        }

        _parties = [.. system.Select(static party => new PartyTurns(party))];
        for (var i = 0; i < _parties.Length; i++)
        {
            var party = _parties[i];
            _replicas[0].Store.Now = _replicas[1].Store.Now = party;
            party.Work = PlayAsync(party, ((_runs * _parties.Length) + i).ToString("x32", CultureInfo.InvariantCulture));
        }

        await ReadAsync();
    }

    /// <exception cref="InterleavingException">A promise was broken.</exception>
    public async Task StepAsync(int party)
    {
        _time.Advance(BetweenSteps);
        _nodes.Advance(BetweenSteps, Drift);
        Reading.Store.Now = Writing.Store.Now = _parties[party];
        await _parties[party].GoOnAsync();
        await ReadAsync();
    }

    /// <summary>When all has run out the customer can be filled again, and in the end nothing is left.</summary>
    public async Task EndAsync()
    {
        await RunOutAsync(PastDeadlines);
        await RetryAsync();
        await ReadAsync();
        // What a retry has ended just now is as old as it has to be.
        await RunOutAsync(BetweenSteps);
        var fill = new PartyTurns(new DependencyParty(DependencyPartyKind.Fill));
        Reading.Store.Now = fill;
        fill.Work = FillAsync(fill);
        while (fill.CanGoOn)
        {
            await fill.GoOnAsync();
        }

        _promisedToAll = _version;
        if (await ReadAsync(Reading) != LookUpOutcome.Found)
        {
            throw new InterleavingException("the customer cannot be filled again");
        }

        await RunOutAsync(PastEverything);
        if (!_nodes.IsEmpty())
        {
            throw new InterleavingException("something is left over");
        }
    }

    private static JsonPointer Pointer(string text) => JsonPointer.TryParse(text, out var pointer) ? pointer : throw new ArgumentException(text);

    private Task PlayAsync(PartyTurns party, string token) => party.Party.Kind switch
    {
        DependencyPartyKind.Fill => FillAsync(party),
        DependencyPartyKind.Write or DependencyPartyKind.RenewedWrite or DependencyPartyKind.UnansweredWrite => WriteAsync(party, token),
        DependencyPartyKind.Eviction => EvictAsync(party, token),
        DependencyPartyKind.Clock => OnceAsync(party, () => RunOutAsync(PastDeadlines)),
        DependencyPartyKind.HalfClock => OnceAsync(party, () => RunOutAsync(PastADeadline)),
        DependencyPartyKind.Retry => OnceAsync(party, RetryAsync),
        DependencyPartyKind.Snapshot => OnceAsync(party, Save),
        DependencyPartyKind.Restart => OnceAsync(party, () => _nodes.RestartAsync(withMemory: true)),
        DependencyPartyKind.EmptyRestart => OnceAsync(party, () => _nodes.RestartAsync(withMemory: false)),
    };

    private Task Save()
    {
        _nodes.Save();
        return Task.CompletedTask;
    }

    private static async Task OnceAsync(PartyTurns party, Func<Task> act)
    {
        await party.NextAsync();
        await act();
    }

    /// <summary>What the writing replica remembers reaches the store.</summary>
    private async Task RetryAsync()
    {
        Writing.Store.Now = null;
        await Writing.RetryAsync();
        if (Writing.Pending.Count == 0)
        {
            _promisedToAll = Math.Max(_promisedToAll, _promisedByWriter);
        }
    }

    private Task RunOutAsync(TimeSpan time)
    {
        // The API has long been through with what it committed while a fence stood.
        foreach (var party in _parties)
        {
            if (party.Party.Writes && party.Version > 0 && (party.Party.Kind == DependencyPartyKind.UnansweredWrite || party.HasCrashed)
                && party.Party.Fault == FaultKind.None && !HasRestarted())
            {
                _promisedToAll = Math.Max(_promisedToAll, party.Version);
            }
        }

        _time.Advance(time);
        _nodes.Advance(time);
        return Task.CompletedTask;
    }

    // Nothing is promised of a write that nobody was told of when its fence was lost.
    private bool HasRestarted() => Array.Exists(_parties, static party =>
        party.Party.Kind is DependencyPartyKind.Restart or DependencyPartyKind.EmptyRestart or DependencyPartyKind.Clock or DependencyPartyKind.HalfClock
        && party is { Taken: > 0, Work.IsCompleted: true });

    private async Task ReadAsync()
    {
        await ReadAsync(Reading);
        await ReadAsync(Writing);
    }

    private async Task<LookUpOutcome> ReadAsync(Replica replica)
    {
        var caller = replica.Store.Now;
        replica.Store.Now = null;
        var found = await replica.Cache.LookUpAsync(Customer, new VariantSource(new HeaderDictionary(), "", null, null), TimeSpan.Zero, _budget);
        replica.Store.Now = caller;
        var promised = replica == Writing ? Math.Max(_promisedToAll, _promisedByWriter) : _promisedToAll;
        if (found.Response is { } response && int.Parse(response.Target, CultureInfo.InvariantCulture) is var version && version < promised)
        {
            throw new InterleavingException(FormattableString.Invariant($"version {version} is served after {promised} was acknowledged"));
        }

        return found.Outcome;
    }

    /// <summary>What a process has.</summary>
    private sealed class Replica
    {
        private readonly EvictionRetries _retries;

        public Replica(TurnedStore turned, ICacheStore store, FakeTimeProvider time)
        {
            Store = turned;
            Pending = new PendingEvictions(time, NullLogger<PendingEvictions>.Instance);
            Cache = new ResourceCache(store, Pending, new LocalCopies(time), new VaryHints(), new AbsentKeys());
            Dependencies = new EntryDependencies(Cache, time, NullLogger<EntryDependencies>.Instance);
            _retries = new EvictionRetries(Pending, store, Cache, time, NullLogger<EvictionRetries>.Instance);
        }

        public TurnedStore Store { get; }

        public PendingEvictions Pending { get; }

        public ResourceCache Cache { get; }

        public EntryDependencies Dependencies { get; }

        // The last attempt, which a process makes when it stops, is like all before it.
        public Task RetryAsync() => _retries.StopAsync(CancellationToken.None);
    }
}

/// <summary>Makes of what a replica has for the store one that breaks the protocol in one point.</summary>
internal delegate ICacheStore Damage(ICacheStore store, ExploredNodes nodes);
