using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>
/// The ways in which frameworks let a request be something else than its request line says. What an API behind us makes of them
/// is unknown, so that nothing of such a request may come from or go to the cache.
/// </summary>
internal static class MethodOverride
{
    /// <param name="headers">Of the request.</param>
    /// <param name="query">Of the request, as sent.</param>
    /// <param name="method">The overriding method as sent, of several an unsafe one; empty for <see cref="OverriddenMethod.None"/>.</param>
    public static OverriddenMethod Find(IHeaderDictionary headers, QueryString query, out string method)
    {
        var found = OverriddenMethod.None;
        method = "";
        Take(headers["X-HTTP-Method-Override"], ref found, ref method);
        Take(headers["X-HTTP-Method"], ref found, ref method);
        Take(headers["X-Method-Override"], ref found, ref method);
        if (query.HasValue && MayHoldParameter(query.Value))
        {
            TakeQuery(query.Value!, ref found, ref method);
        }

        return found;
    }

    /// <summary>X-Original-URL and X-Rewrite-URL make some frameworks answer for another target.</summary>
    public static bool ChangesTarget(IHeaderDictionary headers) =>
        headers.ContainsKey("X-Original-URL") || headers.ContainsKey("X-Rewrite-URL");

    /// <summary>A form that is posted may name another method among its fields.</summary>
    public static bool MayBeInBody(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.ContentType is { } type
        && (type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            || type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase));

    private static void Take(StringValues values, ref OverriddenMethod found, ref string method)
    {
        for (var i = 0; i < values.Count; i++)
        {
            Take(values[i] ?? "", ref found, ref method);
        }
    }

    private static void Take(string value, ref OverriddenMethod found, ref string method)
    {
        if (found == OverriddenMethod.Unsafe)
        {
            return;
        }

        method = value.Trim();
        // Frameworks put the overriding name in upper case before they use it, unlike one in a request line.
        found = method.Length == 0 || Methods.IsSafe(method.ToUpperInvariant()) ? OverriddenMethod.Safe : OverriddenMethod.Unsafe;
    }

    /// <summary>Almost every query ends here; an encoded name needs a percent sign.</summary>
    private static bool MayHoldParameter(ReadOnlySpan<char> query) =>
        query.Contains("_method", StringComparison.OrdinalIgnoreCase) || query.Contains('%');

    private static void TakeQuery(ReadOnlySpan<char> query, ref OverriddenMethod found, ref string method)
    {
        query = query.TrimStart('?');
        while (!query.IsEmpty)
        {
            // Some frameworks also separate parameters by semicolons.
            var end = query.IndexOfAny('&', ';');
            var parameter = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            var equals = parameter.IndexOf('=');
            var name = equals < 0 ? parameter : parameter[..equals];
            if (!IsOverride(name))
            {
                continue;
            }

            Take(equals < 0 ? "" : Uri.UnescapeDataString(parameter[(equals + 1)..]), ref found, ref method);
        }
    }

    private static bool IsOverride(ReadOnlySpan<char> name) =>
        name.Equals("_method", StringComparison.OrdinalIgnoreCase)
        || (name.Contains('%') && Uri.UnescapeDataString(name).Equals("_method", StringComparison.OrdinalIgnoreCase));
}
