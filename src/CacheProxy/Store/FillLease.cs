using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>A lease to fill one variant.</summary>
/// <param name="Token">From <see cref="ICacheStore.NewFillToken"/>; the T of <c>fill:T</c>.</param>
/// <param name="Variant">The variant that the reader looked up.</param>
/// <param name="Seen">
/// The stamp of the entry that the reader saw there, empty for none. When another is there by now, somebody has filled it since; when
/// none is there any more, it was evicted or has expired: <see cref="BeginFillOutcome.Changed"/>.
/// </param>
/// <param name="Duration">How long the lease stands.</param>
/// <param name="Exclusive">Whether another live lease for the same variant refuses this one (<see cref="BeginFillOutcome.UnderWay"/>).</param>
internal sealed record FillLease(string Token, VariantKey Variant, string Seen, TimeSpan Duration, bool Exclusive);
