using CacheProxy.Identity;
using CacheProxy.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.Tests.Store;

/// <summary>A replica that writes, and another one that holds what it writes; the test says when that one answers.</summary>
internal sealed class HoldingReplica : IAsyncDisposable, IReplicaListener
{
    private readonly ReplicaView _holder;

    public HoldingReplica()
    {
        Shared = new SharedStore(Time);
        Store = Shared.ViewOf("1111111111111111");
        _holder = Shared.ViewOf("2222222222222222");
        Store.Bus.Attach(this);
        Acknowledgements = new Acknowledgements(Time);
        Pending = new PendingEvictions(Time, NullLogger<PendingEvictions>.Instance);
        Copies = new LocalCopies(Time);
        Cache = new ResourceCache(Store, Pending, Copies, new VaryHints(), new AbsentKeys(), acknowledgements: Acknowledgements);
    }

    public FakeTimeProvider Time { get; } = new();

    public SharedStore Shared { get; }

    /// <summary>As the replica that writes sees it.</summary>
    public ReplicaView Store { get; }

    public Acknowledgements Acknowledgements { get; }

    public PendingEvictions Pending { get; }

    public LocalCopies Copies { get; }

    public ResourceCache Cache { get; }

    public static TimeSpan Lease { get; } = TimeSpan.FromSeconds(2);

    public static StoreTimeoutBudget Budget => new(TimeSpan.FromDays(1));

    /// <summary>It is stored, and the other replica holds it.</summary>
    public async Task HoldAsync(ResourceKey key)
    {
        var response = new StoredResponse
        {
            Status = 200,
            Headers = [],
            Body = "{}"u8.ToArray(),
            ResponseTimeMs = Store.NowMs,
            InitialAgeMs = 0,
            LifetimeMs = 300_000,
            Target = "localhost /api/customers/123",
        };
        var variant = VariantKey.Plain;
        var lease = new FillLease(Store.NewFillToken(key), variant, "", FillLease.DefaultDuration, Exclusive: false);
        await Store.BeginFillAsync(key, lease, Budget);
        await Store.CompleteFillAsync(key, lease, new FillResult(variant, "", response, TimeSpan.FromMinutes(1), 64), Budget);
        Xunit.Assert.True((await _holder.HoldAsync(key, variant, new HoldRequest(7, Lease), Budget)).IsHeld);
    }

    /// <summary>The other replica has dropped its copy, and says so.</summary>
    public void Acknowledge(ResourceKey key) => _holder.Bus.Acknowledge(Store.Replica, key, 8);

    /// <summary>Delivers what it said.</summary>
    public void Deliver()
    {
        foreach (var message in Shared.Bus.TakeAll(message => message.To == Store.Replica))
        {
            Shared.Bus.Deliver(message);
        }
    }

    public void OnInvalidation(ResourceKey key, string writer) => throw new NotSupportedException("It holds nothing.");

    public void OnAcknowledgement(ResourceKey key, string replica, long number) => Acknowledgements.Note(key, replica, number);

    public void OnClosed()
    {
    }

    public async ValueTask DisposeAsync()
    {
        Copies.Dispose();
        await Shared.DisposeAsync();
    }
}
