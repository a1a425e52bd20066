using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace CacheProxy.Tests.Store;

/// <summary>The store that tests of several replicas share does what the scripts do.</summary>
public sealed class SharedStoreTests : IAsyncDisposable
{
    private const string One = "1111111111111111";
    private const string Other = "2222222222222222";

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly ResourceKey Key = new("demo:customer:123");

    private readonly FakeTimeProvider _time = new();
    private readonly SharedStore _shared;
    private readonly ReplicaView _one;
    private readonly ReplicaView _other;

    public SharedStoreTests()
    {
        _shared = new SharedStore(_time);
        (_one, _other) = (_shared.ViewOf(One), _shared.ViewOf(Other));
    }

    private static StoreTimeoutBudget Budget => new(TimeSpan.FromDays(1));

    public ValueTask DisposeAsync() => _shared.DisposeAsync();

    [Fact]
    public async Task A_write_is_told_of_the_others_that_hold_and_so_are_they()
    {
        await FillAsync();
        Assert.True((await HoldAsync(_one, 3)).IsHeld);
        Assert.True((await HoldAsync(_other, 7)).IsHeld);

        var begun = await _one.BeginWriteAsync(Key, "t", Deadline, Budget, number: 4);

        Assert.Equal([new Holder(Other, 7, Lease)], begun.Holders!);
        var message = Assert.Single(_shared.Bus.Waiting);
        Assert.Equal((Other, Key, One, null), (message.To, message.Key, message.From, message.Number));
    }

    [Fact]
    public async Task Nothing_is_held_behind_a_fence_and_nothing_of_what_is_not_there()
    {
        Assert.False((await HoldAsync(_one, 1)).IsHeld);
        await FillAsync();
        await _other.BeginWriteAsync(Key, "t", Deadline, Budget);
        Assert.False((await HoldAsync(_one, 1)).IsHeld);
        _time.Advance(Deadline);
        Assert.False((await HoldAsync(_one, 1)).IsHeld);
        Assert.Empty(_shared.HoldersOf(Key));
    }

    [Fact]
    public async Task An_eviction_leaves_what_is_held_until_it_runs_out()
    {
        await FillAsync();
        await HoldAsync(_one, 1);
        await _other.EndWriteAsync(Key, "t", WriteResult.Changed, Budget);
        Assert.Equal([new Holder(One, 1, Lease)], _shared.HoldersOf(Key));

        _time.Advance(Lease);
        Assert.Null((await _other.EndWriteAsync(Key, "t", WriteResult.Changed, Budget)).Holders);
        Assert.False(_shared.HoldsAnything);
    }

    [Fact]
    public async Task The_later_deadline_and_the_higher_number_stay()
    {
        await FillAsync();
        await HoldAsync(_one, 5);
        _time.Advance(Lease / 2);
        await HoldAsync(_one, 4, Lease / 4);
        Assert.Equal([new Holder(One, 5, Lease / 2)], _shared.HoldersOf(Key));
        await HoldAsync(_one, 6);
        Assert.Equal([new Holder(One, 6, Lease)], _shared.HoldersOf(Key));
    }

    [Fact]
    public async Task A_release_gives_back_what_is_older_only()
    {
        await FillAsync();
        await HoldAsync(_one, 5);
        await _one.ReleaseAsync(Key, 5, Budget);
        Assert.NotEmpty(_shared.HoldersOf(Key));
        await _one.ReleaseAsync(Key, 6, Budget);
        Assert.Empty(_shared.HoldersOf(Key));
    }

    [Fact]
    public async Task Another_Redis_knows_the_length_of_what_it_did_not_grant_and_asks_for_grace()
    {
        _shared.GraceLength = Lease * 1.1;
        await FillAsync();
        await HoldAsync(_one, 5);
        _shared.Save();
        _time.Advance(Lease / 2);
        Assert.Equal(TimeSpan.Zero, (await _other.BeginWriteAsync(Key, "t", Deadline, Budget)).Grace);

        _shared.Restart(withMemory: true);
        var begun = await _other.BeginWriteAsync(Key, "t", Deadline, Budget);
        Assert.Equal([new Holder(One, 5, Lease)], begun.Holders!);
        Assert.Equal(_shared.GraceLength, begun.Grace);
        _time.Advance(Lease);
        var ended = await _other.EndWriteAsync(Key, "t", WriteResult.Changed, Budget);
        Assert.Null(ended.Holders);
        Assert.Equal(_shared.GraceLength - Lease, ended.Grace);
    }

    private static ValueTask<LookUpResult> HoldAsync(ReplicaView view, long number, TimeSpan? length = null) =>
        view.HoldAsync(Key, VariantKey.Plain, new HoldRequest(number, length ?? Lease), Budget);

    private async Task FillAsync()
    {
        var lease = new FillLease(_one.NewFillToken(Key), VariantKey.Plain, "", TimeSpan.FromMinutes(1), Exclusive: false);
        Assert.Equal(BeginFillOutcome.Granted, await _one.BeginFillAsync(Key, lease, Budget));
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = "{}"u8.ToArray(),
            ResponseTimeMs = 0,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "localhost /api/customers/123",
        };
        var result = new FillResult(VariantKey.Plain, "", response, TimeSpan.FromMinutes(5), MaxVariants: 4);
        Assert.Equal(CompleteFillOutcome.Stored, await _one.CompleteFillAsync(Key, lease, result, Budget));
    }
}
