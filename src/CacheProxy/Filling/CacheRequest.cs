using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>A safe request whose resource is beyond doubt, and what is known of it.</summary>
internal sealed class CacheRequest
{
    public required HttpContext Context { get; init; }

    public required CachePolicy Policy { get; init; }

    public required ResourceKey Key { get; init; }

    public required VariantSource Variants { get; init; }

    public required RequestDirectives Directives { get; init; }

    /// <summary>The tenant, for the log; <c>null</c> when the key names none.</summary>
    public required string? Tenant { get; init; }

    /// <summary>The resource's id, for the log.</summary>
    public required string? Id { get; init; }

    /// <summary>How long one request may wait for the store.</summary>
    public required TimeSpan StoreTimeout { get; init; }

    public required StoreTimeoutBudget Budget { get; init; }

    /// <summary>A refresh of what a client has been served stale, or a warming: nobody waits for it.</summary>
    public bool IsBackground { get; init; }

    /// <summary>Whether the client gets nothing but the API's own answer.</summary>
    public bool IsShadowed => Policy.Options.Mode == CacheMode.Shadow;

    public bool IsHead => HttpMethods.IsHead(Context.Request.Method);

    /// <summary>Whether its content is part of the question.</summary>
    public bool HasContent => Policy.ReadsContentOf(Context.Request.Method);

    /// <summary>Whether a response to this request may be shared only with the origin's consent (RFC 9111 §3.5).</summary>
    public bool NeedsSharingConsent =>
        Policy.Options.Credentials == CredentialsMode.Rfc9111 && Context.Request.Headers.Authorization.Count > 0;

    /// <summary>The variant under <paramref name="vary"/>.</summary>
    public VariantKey VariantUnder(string vary) => VariantDigest.Compute(Variants, vary);

    /// <summary>The request once more than a look-up at hand is needed for it.</summary>
    public static CacheRequest Of(in ReadRequest read, StoreTimeoutBudget budget, bool inBackground = false) => new()
    {
        Context = read.Context,
        Policy = read.Policy,
        Key = read.Key,
        Variants = read.Variants,
        Directives = read.Directives,
        Tenant = read.Tenant,
        Id = read.Id,
        StoreTimeout = read.StoreTimeout,
        Budget = budget,
        IsBackground = inBackground,
    };

    /// <summary>The same request as <paramref name="context"/> makes it, without the client and with a store timeout of its own.</summary>
    public CacheRequest Detach(HttpContext context) => new()
    {
        Context = context,
        Policy = Policy,
        Key = Key,
        Variants = Variants with { Headers = context.Request.Headers },
        Directives = default,
        Tenant = Tenant,
        Id = Id,
        StoreTimeout = StoreTimeout,
        Budget = new StoreTimeoutBudget(StoreTimeout),
        IsBackground = true,
    };
}

/// <summary>
/// A safe request as it is read. What is found at hand is answered from this, which needs no object: −340 bytes for a hit from memory.
/// </summary>
/// <param name="Context">The client's request.</param>
/// <param name="Policy">Of its route.</param>
/// <param name="Key">Its resource.</param>
/// <param name="Variants">What tells the resource's variants apart.</param>
/// <param name="Directives">What it asks of a cache.</param>
/// <param name="Tenant">The tenant, for the log; <c>null</c> when the key names none.</param>
/// <param name="StoreTimeout">How long it may wait for the store.</param>
internal readonly record struct ReadRequest(
    HttpContext Context,
    CachePolicy Policy,
    ResourceKey Key,
    VariantSource Variants,
    RequestDirectives Directives,
    string? Tenant,
    TimeSpan StoreTimeout)
{
    /// <summary>The resource's id, for the log.</summary>
    public string? Id => Policy.IdOf(Context.Request.RouteValues);

    public bool IsHead => HttpMethods.IsHead(Context.Request.Method);

    /// <summary>Whether the client gets nothing but the API's own answer.</summary>
    public bool IsShadowed => Policy.Options.Mode == CacheMode.Shadow;

    /// <summary>
    /// The lease that its look-up may take: one only where a miss is certain to become a fill, for it is given back nowhere else.
    /// </summary>
    public LeaseWithLookUp Lease =>
        IsShadowed || IsHead || Directives.OnlyIfCached || Context.Request.Headers.Range.Count > 0 ? LeaseWithLookUp.None
        : Policy.Options.Coalesce == CoalesceScope.Cluster ? LeaseWithLookUp.Exclusive
        : LeaseWithLookUp.Shared;
}
