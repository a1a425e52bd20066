using System.Collections.Immutable;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// All that a store holds under one key, but the bodies, at one moment: for who asks why a request is or is not answered from it. Times are
/// counted from <see cref="NowMs"/> by the store's own clock.
/// </summary>
internal sealed record StoredResource
{
    /// <summary>The store's clock when it was looked at.</summary>
    public required long NowMs { get; init; }

    /// <summary>Whether the key holds something that no resource is: it belongs to another program.</summary>
    public bool IsForeign { get; init; }

    /// <summary>How long the key is kept; <c>null</c> where there is none, or where the store does not tell.</summary>
    public TimeSpan? Expiry { get; init; }

    /// <summary>Canonical list of the header names that the resource varies on.</summary>
    public string Vary { get; init; } = "";

    public ImmutableArray<StoredVariant> Variants { get; init; } = [];

    public ImmutableArray<StoredLease> Fills { get; init; } = [];

    /// <summary>How long each write under way keeps its fence; at or below zero the write's outcome is unknown.</summary>
    public ImmutableArray<TimeSpan> Writes { get; init; } = [];

    /// <summary>How long the fence stands: the latest of the writes; <c>null</c> for none.</summary>
    public TimeSpan? Fence { get; init; }

    /// <summary>Whether there is nothing of the resource.</summary>
    public bool IsEmpty => !IsForeign && Variants.IsEmpty && Fills.IsEmpty && Writes.IsEmpty && Fence is null;

    public StoredVariant? Find(VariantKey variant)
    {
        foreach (var stored in Variants)
        {
            if (stored.Variant == variant)
            {
                return stored;
            }
        }

        return null;
    }

    /// <summary>What <see cref="ICacheStore.LookUpHeadersAsync"/> would have found.</summary>
    public LookUpResult LookUp(VariantKey variant)
    {
        if (Fence is { } left)
        {
            return left > TimeSpan.Zero ? LookUpResult.Fenced : LookUpResult.Miss("");
        }

        return Find(variant) is { State: StoredVariantState.Usable, Response: { } response }
            ? new LookUpResult(LookUpOutcome.Found, Vary, response, null) { Variant = variant }
            : LookUpResult.Miss(Vary) with { Variant = variant };
    }
}

/// <summary>One variant of a stored resource.</summary>
/// <param name="Variant">Which.</param>
/// <param name="State">Whether it is of use.</param>
/// <param name="Left">How long the store keeps it.</param>
/// <param name="Response">What is stored, without its body; <c>null</c> where it cannot be read.</param>
internal sealed record StoredVariant(VariantKey Variant, StoredVariantState State, TimeSpan Left, StoredResponse? Response);

internal enum StoredVariantState
{
    /// <summary>Whether it is fresh is another question.</summary>
    Usable,

    /// <summary>Its time in the store is over.</summary>
    Expired,

    /// <summary>It was stored in a Redis that has been replaced or restarted since, and that may have known of writes which this one has lost.</summary>
    OfAnotherRedis,

    /// <summary>Encrypted under a key that this replica does not have.</summary>
    OfUnknownKey,

    /// <summary>Somebody else has written there, or it is damaged.</summary>
    Unreadable,
}

/// <summary>A fill under way.</summary>
/// <param name="Variant">Which variant it was begun for.</param>
/// <param name="Left">How long its lease stands; at or below zero it has run out.</param>
internal readonly record struct StoredLease(VariantKey Variant, TimeSpan Left);
