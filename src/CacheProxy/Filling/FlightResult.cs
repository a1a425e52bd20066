using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>What a flight brought those who waited for it.</summary>
/// <param name="Kind">What they may do.</param>
/// <param name="Response">The response, proven complete and stored, when it is shared.</param>
/// <param name="Variant">Its variant under <paramref name="Vary"/>: only a waiter of the same one may have it.</param>
/// <param name="Vary">The names that the variant was computed with.</param>
internal readonly record struct FlightResult(FlightResultKind Kind, StoredResponse? Response, VariantKey Variant, string Vary)
{
    public static FlightResult Forward => new(FlightResultKind.Forward, null, default, "");

    public static FlightResult LookUpAgain => new(FlightResultKind.LookUpAgain, null, default, "");

    public static FlightResult Shared(StoredResponse response, VariantKey variant, string vary) =>
        new(FlightResultKind.Shared, response, variant, vary);
}
