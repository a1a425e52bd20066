using System.Buffers.Binary;
using CacheProxy.Filling;
using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace CacheProxy.IntegrationTests.Consistency;

/// <summary>
/// Plays one interleaving: an entry with one tag, fills of it, writes that evict the tag and nothing else, and readers. Entry and tag are on
/// nodes of their own, and each step takes ten milliseconds.
/// </summary>
/// <param name="entry">The node of the entry.</param>
/// <param name="tag">The node of the tag; the same in memory.</param>
/// <param name="tagKey">The tag's key.</param>
/// <param name="parties">Who takes steps.</param>
/// <param name="damage">What is wrong.</param>
internal sealed class TagRun(IExploredStore entry, IExploredStore tag, ResourceKey tagKey, Party[] parties, TagDamage damage = TagDamage.None)
    : IInterleavingRun
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Retention = TimeSpan.FromSeconds(300);
    private static readonly TimeSpan Timeout = TimeSpan.FromDays(1);
    private static readonly VariantSource Request = new(new HeaderDictionary(), "", null, null);

    private readonly State[] _states = [.. parties.Select(static _ => new State())];
    private ResourceCache _cache = null!;
    private int _version;
    private int _promised;

    public int Unpromised { get; private set; }

    private static StoreTimeoutBudget Budget => new(Timeout);

    public async ValueTask PlayAsync(ReadOnlyMemory<byte> order)
    {
        (_version, _promised) = (1, 0);
        var pending = new PendingEvictions(entry.Time, NullLogger<PendingEvictions>.Instance);
        _cache = new ResourceCache(entry.Store, pending, new LocalCopies(entry.Time), new VaryHints(), new AbsentKeys());
        await entry.DeleteAsync();
        await tag.Store.EndWriteAsync(tagKey, "nobody", WriteResult.Changed, Budget);
        // As most of the time: the tag is in force, and an entry is there that belongs to it.
        var first = new State();
        await BeginFillAsync(first, opens: true);
        first.Version = _version;
        await JoinAsync(first, order, -1);
        await CompleteAsync(first);
        for (var i = 0; i < _states.Length; i++)
        {
            _states[i] = new State { Token = $"{i}" };
        }

        for (var i = 0; i < order.Length; i++)
        {
            await AdvanceAsync(Step);
            await StepAsync(order, i);
            await ReadAsync(order, i);
        }

        Unpromised += Array.Exists(_states, static state => state.IsUnpromised) ? 1 : 0;
        await AdvanceAsync(Retention + Retention);
    }

    private async ValueTask StepAsync(ReadOnlyMemory<byte> order, int at)
    {
        var party = order.Span[at];
        var state = _states[party];
        var kind = parties[party].Kind;
        switch (kind, state.Steps++)
        {
            case (PartyKind.Fill or PartyKind.QuickFill or PartyKind.ForetoldFill, 0):
                await BeginFillAsync(state, opens: kind != PartyKind.QuickFill);
                break;
            case (PartyKind.Fill or PartyKind.QuickFill or PartyKind.ForetoldFill, 1):
                state.Version = _version;
                break;
            case (PartyKind.Fill, 2):
                await JoinAsync(state, order, at);
                break;
            case (PartyKind.Fill, 3):
                await CompleteAsync(state);
                break;
            case (PartyKind.QuickFill or PartyKind.ForetoldFill, 2):
                await JoinAsync(state, order, at);
                await CompleteAsync(state);
                break;
            case (PartyKind.SlowRead, 0):
                (state.Promised, state.Tag) = (_promised, await tag.Store.LookUpTagAsync(tagKey, Budget));
                break;
            case (PartyKind.SlowRead, 1):
                Judge(await entry.Store.LookUpAsync(entry.Key, VariantKey.Plain, Budget), state, order, at);
                break;
            default:
                state.Steps--;
                await StepOfOthersAsync(state, parties[party]);
                break;
        }
    }

    /// <summary>Those who change what the API has, and what happens to the tag's node.</summary>
    private async ValueTask StepOfOthersAsync(State state, Party party)
    {
        switch (party.Kind, state.Steps++)
        {
            case (PartyKind.Write or PartyKind.RefusedWrite or PartyKind.UnansweredWrite, 0):
                state.IsFenced = damage == TagDamage.NoFence
                    || (await tag.Store.BeginWriteAsync(tagKey, state.Token, WriteDeadline, Budget)).Outcome == StoreOutcome.Done;
                break;
            case (PartyKind.Write, 1) or (PartyKind.UnansweredWrite, 2) or (PartyKind.Eviction or PartyKind.Deletion, 0):
                state.Version = ++_version;
                // Nobody is told of it, and what stood for it is gone: nothing is promised of it.
                state.IsUnpromised = party.IsUnanswered && !state.IsFenced;
                break;
            case (PartyKind.Write, 2) or (PartyKind.Eviction, 1):
                await EndAsync(state, WriteResult.Changed);
                Promise(state.Version);
                break;
            case (PartyKind.Eviction, 2):
                // Its reply was lost: it is carried out once more.
                await EndAsync(state, WriteResult.Changed);
                break;
            case (PartyKind.Deletion, 1):
                await tag.DeleteAsync();
                Promise(state.Version);
                Unfence();
                break;
            case (PartyKind.RefusedWrite, 1):
                await EndAsync(state, WriteResult.Unchanged);
                break;
            case (PartyKind.UnansweredWrite, 1):
                await EndAsync(state, WriteResult.Unknown);
                break;
            case (PartyKind.Clock, 0):
                await RunOutAsync();
                break;
            case (PartyKind.Snapshot, 0):
                await ((IRestartedStore)tag).SaveAsync();
                break;
            case (PartyKind.Restart or PartyKind.EmptyRestart, 0):
                await ((IRestartedStore)tag).LoseAsync(withMemory: party.Kind == PartyKind.Restart);
                ((IRestartedStore)tag).Learn();
                Unfence();
                break;
            default:
                throw new InvalidOperationException("There is no such step.");
        }
    }

    private async ValueTask BeginFillAsync(State state, bool opens)
    {
        var found = await _cache.LookUpAsync(entry.Key, Request, TimeSpan.Zero, Budget);
        state.Lease = _cache.NewLease(entry.Key, found, exclusive: false);
        if (await _cache.BeginFillAsync(entry.Key, state.Lease, Budget) != BeginFillOutcome.Granted)
        {
            state.Lease = null;
        }

        state.Began = entry.Time.GetTimestamp();
        var opened = opens ? (await _cache.OpenTagsAsync([tagKey], FillLease.DefaultDuration, Budget))[0] : TagState.Unavailable;
        state.Known = opened.Outcome == TagOutcome.InForce ? opened.Generation : null;
    }

    /// <summary>The answer is whole. Whoever has waited for it until now may have it if it is stored.</summary>
    private async ValueTask JoinAsync(State state, ReadOnlyMemory<byte> order, int at)
    {
        var promised = _promised;
        if (damage == TagDamage.NoSecondLook && state.Known is { } known)
        {
            state.Generation = known;
        }
        else
        {
            var joined = (await _cache.OpenTagsAsync([tagKey], Retention, Budget))[0];
            var refusal = damage == TagDamage.NoAgeRule && joined.Outcome == TagOutcome.InForce
                ? null
                : FillTags.Refusal(joined, state.Known, entry.Time.GetElapsedTime(state.Began));
            state.Generation = refusal is null ? joined.Generation : null;
        }

        if (state.Generation is not null && state.Version < promised)
        {
            throw Broken($"version {state.Version} is shared with those who came after {promised} was acknowledged", order, at);
        }
    }

    private async ValueTask CompleteAsync(State state)
    {
        if (state is { Lease: { } lease, Generation: { } generation })
        {
            var body = new byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(body, state.Version);
            var response = new StoredResponse
            {
                Status = 200,
                Headers = [],
                Body = body,
                ResponseTimeMs = 0,
                InitialAgeMs = 0,
                LifetimeMs = 300_000,
                Target = "localhost /api/customers/123",
                Dependencies = [new Dependency(DependencyKind.Tag, tagKey.Value, generation)],
            };
            await _cache.CompleteFillAsync(entry.Key, lease, new FillResult(VariantKey.Plain, "", response, Retention, MaxVariants: 4), Budget);
        }
    }

    private async ValueTask EndAsync(State state, WriteResult result) => await tag.Store.EndWriteAsync(
        tagKey, state.Token, damage == TagDamage.NoEviction ? WriteResult.Unchanged : result, Budget);

    private async ValueTask RunOutAsync()
    {
        await AdvanceAsync(WriteDeadline + TimeSpan.FromSeconds(1));
        for (var i = 0; i < parties.Length; i++)
        {
            // What the API committed behind a fence, though nobody was told: from now on nothing older may be seen.
            if (parties[i].IsUnanswered && _states[i] is { IsFenced: true, Version: > 0 })
            {
                Promise(_states[i].Version);
            }
        }

        Unfence();
    }

    private async ValueTask AdvanceAsync(TimeSpan time)
    {
        await tag.AdvanceAsync(time);
        if (tag != entry)
        {
            await entry.AdvanceAsync(time);
        }
    }

    private void Promise(int version) => _promised = Math.Max(_promised, version);

    private void Unfence() => Array.ForEach(_states, static state => state.IsFenced = false);

    /// <summary>A reader that begins now is served nothing older than what was promised.</summary>
    private async ValueTask ReadAsync(ReadOnlyMemory<byte> order, int at)
    {
        var found = damage == TagDamage.NoComparison
            ? await entry.Store.LookUpAsync(entry.Key, VariantKey.Plain, Budget)
            : await _cache.LookUpAsync(entry.Key, Request, TimeSpan.Zero, Budget);
        if (found.Response is { } response && ExploredResponse.VersionOf(response) < _promised)
        {
            throw Broken($"version {ExploredResponse.VersionOf(response)} is served after {_promised} was acknowledged", order, at);
        }
    }

    /// <summary>A reader whose look-ups reach the two nodes at different times.</summary>
    private void Judge(in LookUpResult found, State reader, ReadOnlyMemory<byte> order, int at)
    {
        if (found.Response is { } response && reader.Tag.Outcome == TagOutcome.InForce && response.Dependencies[0].Version == reader.Tag.Generation
            && ExploredResponse.VersionOf(response) < reader.Promised)
        {
            throw Broken($"version {ExploredResponse.VersionOf(response)} is served to who began after {reader.Promised} was acknowledged", order, at);
        }
    }

    private InterleavingException Broken(string what, ReadOnlyMemory<byte> order, int at) => new(
        $"After {string.Join(' ', order.ToArray().Take(at + 1).Select(party => $"{parties[party].Kind}{party}"))}: {what}.");

    private sealed class State
    {
        public int Steps { get; set; }

        public string Token { get; init; } = "";

        public FillLease? Lease { get; set; }

        public long Began { get; set; }

        /// <summary>The generation that was in force before the API was asked.</summary>
        public string? Known { get; set; }

        /// <summary>What is stored with the entry.</summary>
        public string? Generation { get; set; }

        public TagState Tag { get; set; }

        public int Promised { get; set; }

        public int Version { get; set; }

        public bool IsFenced { get; set; }

        public bool IsUnpromised { get; set; }
    }
}
