using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;

namespace CacheProxy.Filling;

/// <summary>Every way in which a request on a cached route is forwarded uncached.</summary>
internal enum ForwardReason
{
    /// <summary>The policy's mode is Off.</summary>
    PolicyOff,

    /// <summary>The policy's mode is Shadow, and otherwise this would have been answered by what is stored or by what another fetches.</summary>
    Shadow,

    /// <summary>Neither GET nor HEAD, nor one by which the policy reads.</summary>
    Method,

    /// <summary>A header or parameter asks the API to take another method.</summary>
    MethodOverride,

    /// <summary>A header asks the API to take another URL, or the request target is not in origin form.</summary>
    TargetOverride,

    /// <summary>A header that some APIs take for another one, which decides.</summary>
    HeaderName,

    /// <summary>A GET with a body, or content that cannot be read ahead.</summary>
    RequestBody,

    /// <summary>The client wants another protocol.</summary>
    Upgrade,

    /// <summary>The path could mean different things to different programs.</summary>
    Path,

    TenantAbsent,
    TenantMalformed,
    TenantContradictory,

    /// <summary>The tenant's mode is Off.</summary>
    TenantOff,

    /// <summary>A value that the key names is absent or not beyond doubt.</summary>
    Key,

    /// <summary>The policy never caches a resource with this id.</summary>
    ExceptedId,

    /// <summary>The request carries credentials, and the policy wants such requests forwarded.</summary>
    Credentials,

    /// <summary>Callers share by claims, and the request has no <c>Authorization</c>.</summary>
    TokenAbsent,

    /// <summary>The token has expired.</summary>
    TokenExpired,

    /// <summary>Nobody vouches for the token: opaque, forged, of another issuer or for another audience.</summary>
    TokenUnverifiable,

    /// <summary>More new tokens than are verified in a second.</summary>
    TokenUnchecked,

    /// <summary>The keys that tokens are verified with are not there.</summary>
    KeysUnavailable,

    /// <summary>The token lacks a claim that callers share by, or has an object in its place.</summary>
    ClaimMissing,

    /// <summary>Request directive no-store.</summary>
    RequestNoStore,

    /// <summary>If-Match or If-Unmodified-Since, or any condition of a POST: the API's to judge.</summary>
    Precondition,

    /// <summary>A part of something that is not stored.</summary>
    Range,

    /// <summary>HEAD for something that is not stored.</summary>
    Head,

    /// <summary>A write is under way, or its outcome is unknown.</summary>
    Fenced,

    /// <summary>This process has an eviction that the store does not have yet.</summary>
    PendingEviction,

    /// <summary>The store did not answer in time.</summary>
    StoreUnavailable,

    /// <summary>What requests under way keep in memory leaves no room for the stored body.</summary>
    MemoryFull,

    /// <summary>The request that this one waited for brought nothing that could be shared.</summary>
    LeaderFailed,

    /// <summary>Another replica's fill took too long.</summary>
    FillUnderWay,

    /// <summary>The entry kept changing while it was read.</summary>
    Contended,
}

/// <summary>How a <see cref="ForwardReason"/> is told to the outside: stable words.</summary>
internal static class ForwardReasons
{
    /// <summary>The detail parameter of Cache-Status, and the reason tag of metrics.</summary>
    public static string ToToken(ForwardReason reason) => reason switch
    {
        ForwardReason.PolicyOff => CacheStatusDetails.PolicyOff,
        ForwardReason.Shadow => "shadow",
        ForwardReason.Method => "method",
        ForwardReason.MethodOverride => "method-override",
        ForwardReason.TargetOverride => "target-override",
        ForwardReason.HeaderName => "header-name",
        ForwardReason.RequestBody => "request-body",
        ForwardReason.Upgrade => "upgrade",
        ForwardReason.Path => "path",
        ForwardReason.TenantAbsent => "tenant-absent",
        ForwardReason.TenantMalformed => "tenant-malformed",
        ForwardReason.TenantContradictory => "tenant-contradictory",
        ForwardReason.TenantOff => "tenant-off",
        ForwardReason.Key => "key",
        ForwardReason.ExceptedId => "excepted-id",
        ForwardReason.Credentials => "credentials",
        ForwardReason.TokenAbsent => "token-absent",
        ForwardReason.TokenExpired => "token-expired",
        ForwardReason.TokenUnverifiable => "token-unverifiable",
        ForwardReason.TokenUnchecked => "token-unchecked",
        ForwardReason.KeysUnavailable => "keys-unavailable",
        ForwardReason.ClaimMissing => "claim-missing",
        ForwardReason.RequestNoStore => "request-no-store",
        ForwardReason.Precondition => "precondition",
        ForwardReason.Range => "range",
        ForwardReason.Head => "head",
        ForwardReason.Fenced => "write-under-way",
        ForwardReason.PendingEviction => "eviction-pending",
        ForwardReason.StoreUnavailable => CacheStatusDetails.StoreUnavailable,
        ForwardReason.MemoryFull => CacheStatusDetails.MemoryFull,
        ForwardReason.LeaderFailed => "leader-failed",
        ForwardReason.FillUnderWay => "fill-under-way",
        ForwardReason.Contended => "contended",
    };

    /// <summary>The fwd parameter of Cache-Status (RFC 9211 §2.2).</summary>
    public static CacheStatusForward Forward(ForwardReason reason) => reason switch
    {
        ForwardReason.Method or ForwardReason.MethodOverride => CacheStatusForward.Method,
        ForwardReason.RequestNoStore or ForwardReason.Precondition => CacheStatusForward.Request,
        ForwardReason.Range or ForwardReason.Head or ForwardReason.Fenced or ForwardReason.StoreUnavailable
            or ForwardReason.MemoryFull or ForwardReason.LeaderFailed or ForwardReason.FillUnderWay or ForwardReason.Contended => CacheStatusForward.Miss,
        ForwardReason.PolicyOff or ForwardReason.Shadow or ForwardReason.TargetOverride or ForwardReason.HeaderName
            or ForwardReason.RequestBody or ForwardReason.Upgrade or ForwardReason.Path or ForwardReason.TenantAbsent or ForwardReason.TenantMalformed
            or ForwardReason.TenantContradictory or ForwardReason.TenantOff or ForwardReason.Key or ForwardReason.ExceptedId or ForwardReason.Credentials
            or ForwardReason.TokenAbsent or ForwardReason.TokenExpired or ForwardReason.TokenUnverifiable or ForwardReason.TokenUnchecked
            or ForwardReason.KeysUnavailable or ForwardReason.ClaimMissing or ForwardReason.PendingEviction => CacheStatusForward.Bypass,
    };

    public static ForwardReason Of(TenantResolutionKind kind) => kind switch
    {
        TenantResolutionKind.Absent => ForwardReason.TenantAbsent,
        TenantResolutionKind.Malformed => ForwardReason.TenantMalformed,
        TenantResolutionKind.Contradictory => ForwardReason.TenantContradictory,
        TenantResolutionKind.Found => ForwardReason.Key,
    };

    /// <summary>Why a request with such a token is forwarded; with a verified one, that a claim is missing.</summary>
    public static ForwardReason Of(TokenVerdict verdict) => verdict switch
    {
        TokenVerdict.Verified => ForwardReason.ClaimMissing,
        TokenVerdict.Absent => ForwardReason.TokenAbsent,
        TokenVerdict.Expired => ForwardReason.TokenExpired,
        TokenVerdict.Unchecked => ForwardReason.TokenUnchecked,
        TokenVerdict.KeysUnavailable => ForwardReason.KeysUnavailable,
        TokenVerdict.Malformed or TokenVerdict.Algorithm or TokenVerdict.Extension or TokenVerdict.Issuer or TokenVerdict.Audience
            or TokenVerdict.Lifetime or TokenVerdict.KeyUnknown or TokenVerdict.Signature => ForwardReason.TokenUnverifiable,
    };
}
