using System.Buffers;
using System.Net;
using System.Text;
using CacheProxy.Proxy;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Management.Explaining;

/// <summary>
/// A request that somebody describes and nobody makes, as the proxy's server would have read it: <c>method</c>, <c>url</c> (absolute, or a path
/// with a Host header), any number of <c>header=Name: value</c>, and <c>client</c>, the address that it would come from.
/// </summary>
internal static class DescribedRequest
{
    private const string TokenPunctuation = "!#$%&'*+-.^_`|~";
    private static readonly SearchValues<char> NotInValues = SearchValues.Create("\0\r\n");
    private static readonly SearchValues<char> NotInTargets = SearchValues.Create("\0\r\n\t");

    /// <param name="query">The description.</param>
    /// <param name="problem">What is wrong with it, where it is no request.</param>
    public static DefaultHttpContext? Parse(IQueryCollection query, out string problem)
    {
        var method = query["method"].ToString() is { Length: > 0 } named ? named : HttpMethods.Get;
        IHeaderDictionary headers = new HeaderDictionary();
        problem = !IsToken(method) ? "method: no name of a method."
            : query["url"].Count != 1 ? "url: give one, absolute or as a path."
            : ReadHeaders(query["header"], headers);
        if (problem.Length > 0)
        {
            return null;
        }

        var url = query["url"].ToString();
        var scheme = Uri.UriSchemeHttp;
        if (!url.StartsWith('/') && !TrySplit(ref url, ref scheme, headers))
        {
            problem = "url: absolute with http or https and without a user, or a path that begins with a slash.";
            return null;
        }

        if (headers.Host.Count != 1)
        {
            problem = "header: a url without a host needs one header Host.";
            return null;
        }

        if (url.AsSpan().ContainsAny(NotInTargets))
        {
            problem = "url: no control characters.";
            return null;
        }

        IPAddress? client = null;
        if (query["client"].ToString() is { Length: > 0 } address && !IPAddress.TryParse(address, out client))
        {
            problem = "client: no IP address.";
            return null;
        }

        return Make(method, scheme, Encoded(url.Split('#')[0]), headers, client);
    }

    private static DefaultHttpContext Make(string method, string scheme, string target, IHeaderDictionary headers, IPAddress? client)
    {
        var mark = target.IndexOf('?', StringComparison.Ordinal);
        var features = DetachedRequest.Features(
            new HttpRequestFeature
            {
                Method = method,
                Protocol = HttpProtocol.Http11,
                Scheme = scheme,
                Path = WithoutDotSegments(PathString.FromUriComponent(mark < 0 ? target : target[..mark]).Value!),
                QueryString = mark < 0 ? "" : target[mark..],
                RawTarget = target,
                Headers = headers,
                Body = Stream.Null,
            },
            headers.ContentLength > 0 || headers.TransferEncoding.Count > 0 ? RequestBody.Some : RequestBody.None);
        features.Set<IHttpConnectionFeature>(new HttpConnectionFeature { ConnectionId = "explain", RemoteIpAddress = client });
        return new DefaultHttpContext(features);
    }

    /// <summary>Leaves the target of an absolute URL; its authority is the host unless a header names another.</summary>
    private static bool TrySplit(ref string url, ref string scheme, IHeaderDictionary headers)
    {
        var start = url.IndexOf("://", StringComparison.Ordinal);
        scheme = start < 0 ? "" : url[..start].ToLowerInvariant();
        if (scheme != Uri.UriSchemeHttp && scheme != Uri.UriSchemeHttps)
        {
            return false;
        }

        var rest = url[(start + 3)..];
        var end = rest.IndexOfAny(['/', '?', '#']);
        var authority = end < 0 ? rest : rest[..end];
        if (authority.Length == 0 || authority.Contains('@') || authority.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return false;
        }

        url = end < 0 ? "/" : rest[end] == '/' ? rest[end..] : "/" + rest[end..];
        if (headers.Host.Count == 0)
        {
            headers.Host = authority;
        }

        return true;
    }

    private static string ReadHeaders(Microsoft.Extensions.Primitives.StringValues lines, IHeaderDictionary headers)
    {
        foreach (var line in lines)
        {
            var colon = line?.IndexOf(':', StringComparison.Ordinal) ?? -1;
            if (colon < 0 || !IsToken(line!.AsSpan(0, colon)) || line.AsSpan().ContainsAny(NotInValues))
            {
                return "header: each is Name: value.";
            }

            headers.Append(line![..colon], line[(colon + 1)..].Trim(' ', '\t'));
        }

        return "";
    }

    private static bool IsToken(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && !TokenPunctuation.Contains(c))
            {
                return false;
            }
        }

        return text.Length > 0;
    }

    // As clients do with what cannot stand in a target.
    private static string Encoded(string url)
    {
        if (!url.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            return url;
        }

        var encoded = new StringBuilder();
        foreach (var rune in url.EnumerateRunes())
        {
            encoded.Append(rune.Value is >= '!' and <= '~' ? rune.ToString() : Uri.EscapeDataString(rune.ToString()));
        }

        return encoded.ToString();
    }

    /// <summary>RFC 3986 §5.2.4, as the server does it before anything is routed.</summary>
    private static string WithoutDotSegments(string path)
    {
        if (!path.Contains("/.", StringComparison.Ordinal))
        {
            return path;
        }

        var kept = new List<string>();
        var segments = path.Split('/');
        for (var i = 1; i < segments.Length; i++)
        {
            var isLast = i == segments.Length - 1;
            if (segments[i] == "..")
            {
                kept.RemoveRange(Math.Max(0, kept.Count - 1), Math.Min(1, kept.Count));
            }
            else if (segments[i] != ".")
            {
                kept.Add(segments[i]);
            }

            if (isLast && segments[i] is "." or "..")
            {
                kept.Add("");
            }
        }

        return "/" + string.Join('/', kept);
    }
}
