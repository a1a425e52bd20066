using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Filling;

/// <summary>How a <see cref="ForwardReason"/> is told to the outside: stable words.</summary>
internal static class ForwardReasonWords
{
    /// <summary>The detail parameter of Cache-Status, and the reason tag of metrics.</summary>
    public static string Word(ForwardReason reason) => reason switch
    {
        ForwardReason.PolicyOff => "policy-off",
        ForwardReason.Shadow => "shadow",
        ForwardReason.Method => "method",
        ForwardReason.MethodOverride => "method-override",
        ForwardReason.TargetOverride => "target-override",
        ForwardReason.RequestBody => "request-body",
        ForwardReason.Upgrade => "upgrade",
        ForwardReason.Path => "path",
        ForwardReason.TenantAbsent => "tenant-absent",
        ForwardReason.TenantMalformed => "tenant-malformed",
        ForwardReason.TenantContradictory => "tenant-contradictory",
        ForwardReason.Key => "key",
        ForwardReason.Credentials => "credentials",
        ForwardReason.RequestNoStore => "request-no-store",
        ForwardReason.Precondition => "precondition",
        ForwardReason.Range => "range",
        ForwardReason.Head => "head",
        ForwardReason.Fenced => "write-under-way",
        ForwardReason.PendingEviction => "eviction-pending",
        ForwardReason.StoreUnavailable => CacheStatusDetails.StoreUnavailable,
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
            or ForwardReason.LeaderFailed or ForwardReason.FillUnderWay or ForwardReason.Contended => CacheStatusForward.Miss,
        ForwardReason.PolicyOff or ForwardReason.Shadow or ForwardReason.TargetOverride or ForwardReason.RequestBody
            or ForwardReason.Upgrade or ForwardReason.Path or ForwardReason.TenantAbsent or ForwardReason.TenantMalformed
            or ForwardReason.TenantContradictory or ForwardReason.Key or ForwardReason.Credentials
            or ForwardReason.PendingEviction => CacheStatusForward.Bypass,
    };

    public static ForwardReason Of(TenantResolutionKind kind) => kind switch
    {
        TenantResolutionKind.Absent => ForwardReason.TenantAbsent,
        TenantResolutionKind.Malformed => ForwardReason.TenantMalformed,
        TenantResolutionKind.Contradictory => ForwardReason.TenantContradictory,
        TenantResolutionKind.Found => ForwardReason.Key,
    };
}
