using CacheProxy.Http;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>What a fill replaces.</summary>
/// <param name="Response">The stored response; <c>null</c> when there is none that answers this target.</param>
/// <param name="Stamp">The stamp of the entry that was seen, also when its response is of no use.</param>
/// <param name="Reason">Why it is not served as it is.</param>
internal readonly record struct StaleEntry(StoredResponse? Response, string Stamp, CacheStatusForward Reason)
{
    /// <summary>What the stored response can be validated with.</summary>
    public Validators Validators => Response is null ? default : Validators.Of(new ResponseHeaders(Response.Headers));
}
