using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;

namespace CacheProxy.Proxy;

/// <summary>
/// Takes the cookie or header with which YARP binds a client to a destination out of the response, and puts it back when the response
/// starts. It is for this client and does not come from the API. Stored with the response it would bind other clients to the same
/// destination, and taken for a cookie of the API it would keep the response from being stored.
/// </summary>
internal sealed class SessionAffinityTransform(string name) : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        var response = context.HttpContext.Response;
        if (response.Headers.TryGetValue(name, out var header) && !IsOfApi(context, name, header[^1]))
        {
            response.Headers.Remove(name);
            response.OnStarting(() =>
            {
                response.Headers[name] = header;
                return Task.CompletedTask;
            });
        }

        if (TryTakeCookie(context, out var cookie))
        {
            response.OnStarting(() =>
            {
                response.Headers.SetCookie = StringValues.Concat(response.Headers.SetCookie, cookie);
                return Task.CompletedTask;
            });
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>YARP's cookie is the last: it appends.</summary>
    private bool TryTakeCookie(ResponseTransformContext context, out string? cookie)
    {
        var headers = context.HttpContext.Response.Headers;
        var cookies = headers.SetCookie;
        cookie = cookies.Count == 0 ? null : cookies[^1];
        if (cookie is null
            || !cookie.StartsWith(name, StringComparison.Ordinal)
            || cookie.AsSpan(name.Length) is not ['=', ..]
            || IsOfApi(context, HeaderNames.SetCookie, cookie))
        {
            return false;
        }

        headers.SetCookie = new StringValues(cookies.ToArray()[..^1]);
        return true;
    }

    private static bool IsOfApi(ResponseTransformContext context, string name, string? value)
    {
        if (context.ProxyResponse is { } response && response.Headers.NonValidated.TryGetValues(name, out var sent))
        {
            foreach (var line in sent)
            {
                if (line == value)
                {
                    return true;
                }
            }
        }

        return false;
    }
}
