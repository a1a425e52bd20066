using System.Collections.Frozen;

namespace CacheProxy.Http;

/// <summary>What a policy adds to the origin's own word on storing. The default adds nothing: 200 only, explicitly fresh only.</summary>
/// <param name="Ttl">Freshness of a 200, or of another of <paramref name="Statuses"/> below 400, when the origin gives none.</param>
/// <param name="NegativeTtl">The same for those of <paramref name="Statuses"/> from 400 on.</param>
/// <param name="Statuses">Status codes stored beside 200; 206 and 304 never are.</param>
/// <param name="AnyStatus">Store every final status code that RFC 9111 §3 allows to be stored.</param>
/// <param name="Heuristic">Guess a lifetime from Last-Modified when nothing else gives one (RFC 9111 §4.2.2).</param>
/// <param name="StaleWhileRevalidate">Used where the origin says nothing and does not forbid it.</param>
/// <param name="StaleIfError">Used where the origin says nothing and does not forbid it.</param>
internal readonly record struct StoragePolicy(
    TimeSpan? Ttl = null,
    TimeSpan? NegativeTtl = null,
    FrozenSet<int>? Statuses = null,
    bool AnyStatus = false,
    bool Heuristic = false,
    TimeSpan StaleWhileRevalidate = default,
    TimeSpan StaleIfError = default)
{
    public bool Names(int status) => status == 200 || Statuses?.Contains(status) == true;

    public TimeSpan? TtlOf(int status) => !Names(status) ? null : status < 400 ? Ttl : NegativeTtl;
}
