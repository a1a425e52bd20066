using CacheProxy.Identity;
using CacheProxy.Store;
using CacheProxy.Tests.Store;
using Microsoft.Extensions.Time.Testing;

namespace CacheProxy.IntegrationTests.Consistency.Copies;

/// <summary>What is wrong with an explored system, and the system that shows it. An explorer that finds nothing wrong is worth nothing.</summary>
internal class CopyDamage
{
    public static CopyDamage None { get; } = new();

    /// <summary>What is wrong with the scripts.</summary>
    public SharedStoreDamage OfScripts { get; init; }

    /// <summary>What a replica takes for the store, and for the time of its copies.</summary>
    public virtual (ICacheStore Store, TimeProvider Time) Of(ICacheStore store, FakeTimeProvider time) => (store, time);

    /// <summary>Who hears what arrives.</summary>
    public virtual IReplicaListener Of(IReplicaListener listener, LocalCopies copies) => listener;
}

/// <summary>A writer overlooks some of what a step tells it.</summary>
internal sealed class BlindWriter(Func<WriteStep, bool, WriteStep> see) : CopyDamage
{
    public override (ICacheStore Store, TimeProvider Time) Of(ICacheStore store, FakeTimeProvider time) => (new Blind(store, see), time);

    private sealed class Blind(ICacheStore store, Func<WriteStep, bool, WriteStep> see) : DamagedStores.DamagedStore(store)
    {
        public override async ValueTask<WriteStep> BeginWriteAsync(
            ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0) =>
            see(await base.BeginWriteAsync(key, token, deadline, budget, number), true);

        public override async ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0) =>
            see(await base.EndWriteAsync(key, token, result, budget, number), false);
    }
}

/// <summary>Only the end of an answer is withheld, and its head goes out early: whom the beginning lists is waited for with those of the end.</summary>
internal sealed class EarlyHead : CopyDamage
{
    public override (ICacheStore Store, TimeProvider Time) Of(ICacheStore store, FakeTimeProvider time) => (new Deferring(store), time);

    private sealed class Deferring(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        private readonly Dictionary<string, Holder[]> _listed = [];

        public override async ValueTask<WriteStep> BeginWriteAsync(
            ResourceKey key, string token, TimeSpan deadline, StoreTimeoutBudget budget, long number = 0)
        {
            var step = await base.BeginWriteAsync(key, token, deadline, budget, number);
            _listed[token] = step.Holders ?? [];
            return step with { Holders = null };
        }

        public override async ValueTask<WriteStep> EndWriteAsync(ResourceKey key, string token, WriteResult result, StoreTimeoutBudget budget, long number = 0)
        {
            var step = await base.EndWriteAsync(key, token, result, budget, number);
            return _listed.Remove(token, out var listed) ? step with { Holders = [.. step.Holders ?? [], .. listed] } : step;
        }
    }
}

/// <summary>A lease counts from when the reply is there: the holder's clock stands still while it waits for it.</summary>
internal sealed class LeaseFromTheReply : CopyDamage
{
    public override (ICacheStore Store, TimeProvider Time) Of(ICacheStore store, FakeTimeProvider time)
    {
        var clock = new StandingClock(time);
        return (new Watched(store, clock), clock);
    }

    private sealed class StandingClock(FakeTimeProvider time) : TimeProvider
    {
        private long _lost;

        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => time.GetTimestamp() - _lost;

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            time.CreateTimer(callback, state, dueTime, period);

        public async ValueTask<T> StandAsync<T>(ValueTask<T> call)
        {
            var began = time.GetTimestamp();
            var result = await call;
            _lost += time.GetTimestamp() - began;
            return result;
        }
    }

    private sealed class Watched(ICacheStore store, StandingClock clock) : DamagedStores.DamagedStore(store)
    {
        public override ValueTask<LookUpResult> HoldAsync(ResourceKey key, VariantKey variant, HoldRequest hold, StoreTimeoutBudget budget) =>
            clock.StandAsync(base.HoldAsync(key, variant, hold, budget));
    }
}

/// <summary>A lease is given back whatever has been held since.</summary>
internal sealed class ReleaseWithoutNumber : CopyDamage
{
    public override (ICacheStore Store, TimeProvider Time) Of(ICacheStore store, FakeTimeProvider time) => (new Releasing(store), time);

    private sealed class Releasing(ICacheStore store) : DamagedStores.DamagedStore(store)
    {
        public override ValueTask ReleaseAsync(ResourceKey key, long number, StoreTimeoutBudget budget) =>
            base.ReleaseAsync(key, long.MaxValue, budget);
    }
}

/// <summary>An acknowledgement counts for whatever has been held since.</summary>
internal sealed class AcknowledgementWithoutNumber : CopyDamage
{
    public override IReplicaListener Of(IReplicaListener listener, LocalCopies copies) => new Hearing(listener);

    private sealed class Hearing(IReplicaListener listener) : IReplicaListener
    {
        public void OnInvalidation(ResourceKey key, string writer) => listener.OnInvalidation(key, writer);

        public void OnAcknowledgement(ResourceKey key, string replica, long number) => listener.OnAcknowledgement(key, replica, long.MaxValue);

        public void OnClosed() => listener.OnClosed();
    }
}

/// <summary>A holder drops what it has, and keeps what is on its way: the resource's number stays what it was.</summary>
internal sealed class LateCopyKept : CopyDamage
{
    public override IReplicaListener Of(IReplicaListener listener, LocalCopies copies) => new Hearing(listener, copies);

    private sealed class Hearing(IReplicaListener listener, LocalCopies copies) : IReplicaListener
    {
        public void OnInvalidation(ResourceKey key, string writer)
        {
            var number = copies.Number(key);
            listener.OnInvalidation(key, writer);
            copies.Drop(key, VariantKey.Plain);
            Numbers(copies)![key.Value.GetHashCode() & (Numbers(copies)!.Length - 1)] = number;
        }

        public void OnAcknowledgement(ResourceKey key, string replica, long number) => listener.OnAcknowledgement(key, replica, number);

        public void OnClosed() => listener.OnClosed();
    }

    [System.Runtime.CompilerServices.UnsafeAccessor(System.Runtime.CompilerServices.UnsafeAccessorKind.Field, Name = "_numbers")]
    private static extern ref long[]? Numbers(LocalCopies copies);
}
