using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>
/// The ways in which frameworks let a request be something other than its request line says. Whether the API follows them is
/// unknown, so such a request is neither answered from the cache nor stored.
/// </summary>
internal static class MethodOverride
{
    /// <summary>Of several overriding methods an unsafe one counts.</summary>
    public static OverriddenMethod Find(IHeaderDictionary headers, QueryString query, FoldedHeaders folded = default)
    {
        var found = OverriddenMethod.None;
        if (folded.IsEmpty && !folded.MayHave(RareHeaders.Method) && !query.HasValue)
        {
            return found;
        }

        foreach (var name in RareHeaders.MethodNames)
        {
            Take(headers[name], ref found);
            if (!folded.IsEmpty)
            {
                Take(folded.ValuesFor(name), ref found);
            }
        }

        if (query.HasValue && MayHoldParameter(query.Value))
        {
            TakeQuery(query.Value!, ref found);
        }

        return found;
    }

    public static bool ChangesTarget(IHeaderDictionary headers, FoldedHeaders folded = default)
    {
        if (folded.IsEmpty && !folded.MayHave(RareHeaders.Target))
        {
            return false;
        }

        foreach (var name in RareHeaders.TargetNames)
        {
            if (headers.ContainsKey(name) || (!folded.IsEmpty && folded.ValuesFor(name).Count > 0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A form or an object that is posted may name another method among its fields; some frameworks look there, too.</summary>
    public static bool MayBeInBody(HttpRequest request) =>
        HttpMethods.IsPost(request.Method) && request.ContentType is { } type
        && (type.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase)
            || type.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || type.Contains("json", StringComparison.OrdinalIgnoreCase));

    private static void Take(StringValues values, ref OverriddenMethod found)
    {
        for (var i = 0; i < values.Count; i++)
        {
            Take(values[i] ?? "", ref found);
        }
    }

    private static void Take(string value, ref OverriddenMethod found)
    {
        if (found == OverriddenMethod.Unsafe)
        {
            return;
        }

        var method = value.Trim();
        // Unlike with the request line, frameworks convert the overriding name to upper case before they use it.
        found = method.Length == 0 || Methods.IsSafe(method.ToUpperInvariant()) ? OverriddenMethod.Safe : OverriddenMethod.Unsafe;
    }

    /// <summary>Almost every query ends here; an encoded name needs a percent sign.</summary>
    private static bool MayHoldParameter(ReadOnlySpan<char> query) =>
        query.Contains("_method", StringComparison.OrdinalIgnoreCase) || query.Contains('%');

    private static void TakeQuery(ReadOnlySpan<char> query, ref OverriddenMethod found)
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

            Take(equals < 0 ? "" : Uri.UnescapeDataString(parameter[(equals + 1)..]), ref found);
        }
    }

    private static bool IsOverride(ReadOnlySpan<char> name) =>
        name.Equals("_method", StringComparison.OrdinalIgnoreCase)
        || (name.Contains('%') && Uri.UnescapeDataString(name).Equals("_method", StringComparison.OrdinalIgnoreCase));
}

/// <summary>Whether a request asks to be taken as one of another method.</summary>
internal enum OverriddenMethod
{
    None,
    /// <summary>By a safe one; the answer may differ from the one to the method in the request line.</summary>
    Safe,
    /// <summary>By one that may change something.</summary>
    Unsafe,
}

/// <summary>Request methods; their names are case-sensitive (RFC 9110 §9.1).</summary>
internal static class Methods
{
    /// <summary>RFC 10008: a read that asks by its content.</summary>
    public const string Query = "QUERY";

    /// <summary>
    /// RFC 9110 §9.2.1: what the IANA registry of HTTP methods calls safe (RFC 9110, 9113, 3253, 4918, 5323, and QUERY). A method that it
    /// does not know may change something.
    /// </summary>
    public static bool IsSafe(string method) =>
        method is "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PROPFIND" or "REPORT" or "SEARCH" or Query or "PRI";
}
