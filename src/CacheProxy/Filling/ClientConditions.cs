using CacheProxy.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Filling;

/// <summary>
/// The client's own conditions, kept from the API while a fill is under way: the API is asked for the whole response, or for a
/// validation of what is stored, and the client's conditions are answered here (RFC 9111 §4.3.2).
/// </summary>
internal sealed class ClientConditions
{
    private readonly IHeaderDictionary _headers;
    private readonly StringValues _ifNoneMatch;
    private readonly StringValues _ifModifiedSince;

    private ClientConditions(IHeaderDictionary headers)
    {
        _headers = headers;
        _ifNoneMatch = headers.IfNoneMatch;
        _ifModifiedSince = headers.IfModifiedSince;
    }

    private bool Exist => _ifNoneMatch.Count > 0 || _ifModifiedSince.Count > 0;

    /// <summary>Puts the validators of a stored response, if any, in the place of the client's conditions.</summary>
    public static ClientConditions Replace(IHeaderDictionary headers, in Validators validators)
    {
        var conditions = new ClientConditions(headers);
        headers.IfNoneMatch = validators.ETag is { } tag ? new StringValues(tag) : default;
        headers.IfModifiedSince = validators.LastModified is { } date ? new StringValues(date) : default;
        return conditions;
    }

    /// <summary>The API has been asked: the request is again as the client sent it.</summary>
    public void Restore()
    {
        _headers.IfNoneMatch = _ifNoneMatch;
        _headers.IfModifiedSince = _ifModifiedSince;
    }

    /// <summary>Whether the client already has what <paramref name="response"/> brings.</summary>
    public bool AreMetBy(HttpResponse response, long nowMs)
    {
        if (!Exist)
        {
            return false;
        }

        IHeaderDictionary conditions = new HeaderDictionary(2);
        conditions.IfNoneMatch = _ifNoneMatch;
        conditions.IfModifiedSince = _ifModifiedSince;
        var validators = Validators.Of(new ResponseHeaders(response.Headers));
        return ConditionalRequest.Evaluate(conditions, response.StatusCode, validators, nowMs) == ConditionalOutcome.NotModified;
    }
}
