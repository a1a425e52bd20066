namespace CacheProxy.Identity.Tokens;

/// <summary>What is known of a request's bearer token. Only <see cref="Verified"/> lets anybody have what others left in the cache.</summary>
internal enum TokenVerdict
{
    Verified,

    /// <summary>The request has no <c>Authorization</c>.</summary>
    Absent,

    /// <summary>Not one bearer token in the compact form of a signed JWT: several lines, another scheme, opaque, encrypted, not JSON.</summary>
    Malformed,

    /// <summary>Its algorithm is none of the asymmetric ones that are taken.</summary>
    Algorithm,

    /// <summary>It asks for an extension to be understood (<c>crit</c>), or names a key that its bearer must prove to hold (<c>cnf</c>).</summary>
    Extension,

    Issuer,

    Audience,

    /// <summary><c>exp</c> has passed.</summary>
    Expired,

    /// <summary><c>nbf</c> has not come, or <c>exp</c> is absent.</summary>
    Lifetime,

    /// <summary>The issuer's keys have none of this id and kind.</summary>
    KeyUnknown,

    Signature,

    /// <summary>More signatures were to be checked in this second than are.</summary>
    Unchecked,

    /// <summary>The issuer's keys are not there.</summary>
    KeysUnavailable,
}

/// <summary>How a <see cref="TokenVerdict"/> is told to the outside: stable words.</summary>
internal static class TokenVerdicts
{
    /// <summary>The label of the metric.</summary>
    public static string ToToken(TokenVerdict verdict) => verdict switch
    {
        TokenVerdict.Verified => "verified",
        TokenVerdict.Absent => "",
        TokenVerdict.Malformed => "malformed",
        TokenVerdict.Algorithm => "algorithm",
        TokenVerdict.Extension => "extension",
        TokenVerdict.Issuer => "issuer",
        TokenVerdict.Audience => "audience",
        TokenVerdict.Expired => "expired",
        TokenVerdict.Lifetime => "lifetime",
        TokenVerdict.KeyUnknown => "key-unknown",
        TokenVerdict.Signature => "signature",
        TokenVerdict.Unchecked => "unchecked",
        TokenVerdict.KeysUnavailable => "keys-unavailable",
    };
}
