namespace CacheProxy.Http;

/// <summary>Whether a response may be stored, and if not, the first reason against it.</summary>
internal enum StorageDecision
{
    Storable,
    MethodNotCacheable,
    RequestNoStore,
    PartialContent,
    StatusNotCacheable,
    /// <summary>must-understand beside a status code whose caching rules nobody knows.</summary>
    StatusNotUnderstood,
    NoStore,
    Private,
    SetCookie,
    VaryAny,
    /// <summary>RFC 9111 §3.5: the request had Authorization, and the response does not say that it may be shared.</summary>
    AuthorizationNotAllowed,
    /// <summary>Nothing says how long it stays fresh, and it has no validator.</summary>
    NoFreshness,
    /// <summary>Every use would need a validation, and it has no validator.</summary>
    NotReusable,
}
