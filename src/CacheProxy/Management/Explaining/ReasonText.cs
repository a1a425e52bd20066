using CacheProxy.Filling;

namespace CacheProxy.Management.Explaining;

/// <summary>
/// What the words of <c>detail</c> and <c>result</c> mean, as the tables of docs/operations.md and docs/http.md say it, and where each stands
/// there.
/// </summary>
/// <param name="Text">A sentence.</param>
/// <param name="See">The page, with the anchor of the word's row.</param>
internal readonly record struct ReasonText(string Text, string See)
{
    private const string Operations = "docs/operations.md#";
    private const string Http = "docs/http.md#";

    public static ReasonText Of(RefusalKind kind, string word) => kind == RefusalKind.Forwarded ? OfForward(word) : OfNotStored(word);

    /// <summary>Why a request is forwarded, refused or answered otherwise than from the cache.</summary>
    public static ReasonText OfForward(string word) => Forwarded(word) is { } text
        ? new ReasonText(text, $"{Operations}detail-{word}")
        : new ReasonText(Answered(word), $"{Http}detail-{word}");

    /// <summary>Why a response is not stored.</summary>
    public static ReasonText OfNotStored(string word) =>
        Unstorable(word) is { } refused ? new ReasonText(refused, $"{Operations}result-{word}")
        : Shortfall(word) is { } shortfall ? new ReasonText(shortfall, $"{Operations}shortfall-{word}")
        : Ending(word) is { } ending ? new ReasonText(ending, $"{Operations}ending-{word}")
        : OfForward(word);

    private static string? Forwarded(string word) => word switch
    {
        "policy-off" => "the policy's mode is Off, and its key has a route value or {path}",
        "shadow" => "the policy's mode is Shadow, and something is stored",
        "method" => "it is neither GET nor HEAD, nor one of the policy's ReadMethods",
        "method-override" => "a header or parameter names another method",
        "target-override" => "a header names another URL, or the target is not a path",
        "header-name" => "the API may take one of its headers for another one that decides, such as X_Api_Key for X-Api-Key",
        "request-body" => "it has a body; of a QUERY or POST that reads: one that is too large, has trailers, or waits for 100 Continue",
        "upgrade" => "it asks for another protocol",
        "path" => "its path could mean different things to different programs",
        "tenant-absent" => "no source names a tenant",
        "tenant-malformed" => "the tenant is not a DNS label",
        "tenant-contradictory" => "two sources name different tenants",
        "tenant-off" => "the tenant's mode is Off (CacheProxy:Tenants)",
        "key" => "a value of the key is absent or ambiguous",
        "excepted-id" => "the policy's ExceptIds names its id",
        "credentials" => "it carries credentials, and the policy's Credentials is Bypass",
        "token-absent" => "the policy's Credentials is Claims, and it has no Authorization",
        "token-expired" => "its token has expired",
        "token-unverifiable" => "its token cannot be verified; cacheproxy_tokens_total says why",
        "token-unchecked" => "more new tokens than are verified in a second",
        "keys-unavailable" => "the keys that tokens are verified with are not there",
        "claim-missing" => "its token lacks a claim that the policy names, or has an object in its place",
        "request-no-store" => "it says no-store",
        "precondition" => "it has If-Match or If-Unmodified-Since; a POST any condition",
        "range" => "it asks for a part of a response that is not stored",
        "head" => "it is a HEAD, and nothing is stored",
        "write-under-way" => "a write is under way, or its outcome is unknown",
        "eviction-pending" => "this replica has an eviction of it that has not reached Redis yet",
        "store-unavailable" => "Redis did not answer in time, or the breaker is open",
        "memory-full" => "a body is stored, and what requests under way keep in memory leaves no room for it",
        "leader-failed" => "the fill that it waited for brought nothing that can be shared",
        "fill-under-way" => "another replica's fill took too long",
        "contended" => "the entry kept changing",
        _ => null,
    };

    private static string Answered(string word) => word switch
    {
        "only-if-cached" => "refused with 504 because the API would have to be asked",
        "eviction-outstanding" => "the API has carried out a write whose answer is withheld: its eviction has not reached the store and the policy is Strict, or a timeout of the route ended the wait for a replica that may still serve what was written",
        "fill-limit" => "no place at the API became free in time (MaxConcurrentFills): forwarded beyond the limit, or refused with 503",
        "stale-if-error" => "the API failed; the stale entry answered",
        _ => "",
    };

    private static string? Unstorable(string word) => word switch
    {
        "method" => "the response answers another method than GET and the policy's ReadMethods",
        "request-no-store" => "the response answers a request with no-store",
        "partial-content" => "the response is partial (206)",
        "status" => "the response has a status code that the policy does not store",
        "must-understand" => "the response says must-understand, and its status code is not understood",
        "no-store" => "the response says no-store",
        "private" => "the response says private",
        "malformed-field" => "the response has a field that cannot be sent",
        "event-stream" => "the response is a stream of events",
        "set-cookie" => "the response sets a cookie",
        "vary-any" => "the response says Vary: *",
        "authorization" => "the response answers a request with Authorization, and does not allow caches to share it (Credentials: Rfc9111)",
        "no-freshness" => "the response does not say how long it is fresh, and the policy does not either",
        "not-reusable" => "the response could never be served from the cache",
        _ => null,
    };

    private static string? Shortfall(string word) => word switch
    {
        "body-unreadable" => "the response is no JSON, or has more than 4 MiB decoded: what it contains is not known",
        "dependency-id" => "the response names something by an id that is none: see DependsOn in configuration.md",
        "dependencies-too-many" => "the response contains more resources than MaxDependencies",
        "dependency-written" => "the response contains something that is being written, or was while the API answered",
        "dependency-unavailable" => "the response contains something whose node of Redis did not answer, or has been replaced meanwhile",
        "dependency-droppable" => "the response needs a Redis that drops nothing for lack of memory (maxmemory-policy noeviction), and this one may",
        "dependents-full" => "the response contains something that MaxDependents entries contain already",
        _ => null,
    };

    private static string? Ending(string word) => word switch
    {
        "revoked" => "a write or an eviction came in between",
        "unavailable" => "Redis did not take it",
        "incomplete" => "the API gave no answer, its body broke off, or its end cannot be told",
        "body-too-large" => "its body is larger than MaxBodyBytes",
        "headers-too-large" => "its headers are larger than MaxHeaderBytes",
        "tenant-quota" => "the tenant has as much in the store as CacheProxy:Tenants allows",
        "memory-full" => "what requests under way keep in memory leaves no room for a copy of it",
        "tag-new" => "it belongs to a tag that nobody has seen, or that was evicted, while the API answered",
        "tags-unreadable" => "its tags cannot be told: its body is no JSON, a pointer finds an object or a list, or a header has another form than it should",
        "too-many-tags" => "it has more than 64 tags, or one of more than 256 characters or with a control character",
        _ => null,
    };
}
