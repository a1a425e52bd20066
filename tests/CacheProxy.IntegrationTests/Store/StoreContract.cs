using System.Text;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;
using Xunit;

namespace CacheProxy.IntegrationTests.Store;

/// <summary>What every store does, whatever it is made of. A store is what passes.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    private protected static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private protected static readonly TimeSpan Retention = TimeSpan.FromSeconds(300);
    private protected static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(30);
    private protected static readonly VariantKey Plain = VariantKey.Plain;
    private protected static readonly VariantKey German = new("0123456789abcdef0123456789abcdef");
    private protected static readonly VariantKey French = new("fedcba9876543210fedcba9876543210");

    private protected ICacheStore Store { get; private set; } = null!;

    private protected ResourceKey Key { get; } = new("demo:customer:" + Guid.NewGuid().ToString("N"));

    private protected static StoreTimeoutBudget Budget => new(TimeSpan.FromSeconds(20));

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        if (_other is not null)
        {
            await _other.DisposeAsync();
        }

        GC.SuppressFinalize(this);
    }

    private protected static StoredResponse Response(string body) => new()
    {
        Status = 200,
        Headers = [new HeaderField("Content-Type", "application/json; charset=utf-8")],
        Body = Encoding.UTF8.GetBytes(body),
        ResponseTimeMs = 1_763_956_800_000,
        InitialAgeMs = 0,
        LifetimeMs = 300_000,
        Target = "localhost:4004 /api/customers/123",
    };

    private protected static string Text(LookUpResult found) => Encoding.UTF8.GetString(found.Response!.Body.Span);

    private protected abstract ValueTask<ICacheStore> OpenAsync();

    /// <summary>Makes time pass for the resource, without waiting for it.</summary>
    private protected abstract ValueTask PassAsync(TimeSpan time);

    /// <summary>Deletes the resource, as a person does.</summary>
    private protected abstract ValueTask DeleteAsync();

    /// <summary>Whether the store holds nothing at all of the resource.</summary>
    private protected abstract ValueTask<bool> IsGoneAsync();

    private protected ValueTask<LookUpResult> LookUpAsync(VariantKey? variant = null) => Store.LookUpAsync(Key, variant ?? Plain, Budget);

    private protected FillLease NewLease(VariantKey? variant = null) => new(Store.NewFillToken(Key), variant ?? Plain, "", Lease, Exclusive: false);

    private protected async Task<(LookUpOutcome Outcome, FillLease? Lease)> LookUpOrBeginFillAsync(VariantKey? variant = null)
    {
        var found = await Store.LookUpOrBeginFillAsync(Key, NewLease(variant), Budget);
        return (found.Outcome, found.Lease);
    }

    private protected async Task<(FillLease Lease, BeginFillOutcome Outcome)> TryBeginFillAsync(
        VariantKey? variant = null, string seen = "", bool exclusive = false, TimeSpan? duration = null)
    {
        var lease = new FillLease(Store.NewFillToken(Key), variant ?? Plain, seen, duration ?? Lease, exclusive);
        return (lease, await Store.BeginFillAsync(Key, lease, Budget));
    }

    private protected async Task<FillLease> BeginFillAsync(
        VariantKey? variant = null, string seen = "", bool exclusive = false, TimeSpan? duration = null)
    {
        var (lease, outcome) = await TryBeginFillAsync(variant, seen, exclusive, duration);
        Assert.Equal(BeginFillOutcome.Granted, outcome);
        return lease;
    }

    private protected ValueTask<CompleteFillOutcome> CompleteFillAsync(
        FillLease lease, StoredResponse? response = null, VariantKey? variant = null, string vary = "", TimeSpan? retention = null, int maxVariants = 64) =>
        Store.CompleteFillAsync(
            Key, lease, new FillResult(variant ?? lease.Variant, vary, response ?? Response("{}"), retention ?? Retention, maxVariants), Budget);

    private protected async Task FillAsync(
        StoredResponse? response = null, VariantKey? variant = null, string vary = "", TimeSpan? retention = null, int maxVariants = 64, string seen = "")
    {
        var lease = await BeginFillAsync(variant, seen);
        Assert.Equal(CompleteFillOutcome.Stored, await CompleteFillAsync(lease, response, variant, vary, retention, maxVariants));
    }

    private protected async Task BeginWriteAsync(string token, TimeSpan? deadline = null) =>
        Assert.Equal(StoreOutcome.Done, (await Store.BeginWriteAsync(Key, token, deadline ?? WriteDeadline, Budget)).Outcome);

    private protected async Task EndWriteAsync(string token, WriteResult result) =>
        Assert.Equal(StoreOutcome.Done, (await Store.EndWriteAsync(Key, token, result, Budget)).Outcome);
}
