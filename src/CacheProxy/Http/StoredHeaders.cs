using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

/// <summary>Which of a response's header lines are stored (RFC 9111 §3.1).</summary>
internal static class StoredHeaders
{
    /// <summary>
    /// All but hop-by-hop fields, those that Connection, no-cache="…" or private="…" name, Age, which each answer gets
    /// again, and Set-Cookie, which is for one client whatever the storage rules decide.
    /// </summary>
    /// <param name="headers">Of the response.</param>
    /// <param name="connection">Its Connection field, which a forwarder may have taken out.</param>
    /// <param name="directives"><see cref="ResponseDirectives.Of"/> the same headers.</param>
    public static HeaderField[] Of(IHeaderDictionary headers, StringValues connection, in ResponseDirectives directives)
    {
        var fields = new HeaderField[headers.Count];
        var count = 0;
        foreach (var (name, values) in headers)
        {
            if (!IsStored(name) || HopByHopHeaders.IsNamedBy(connection, name) || IsWithheld(name, in directives))
            {
                continue;
            }

            if (count + values.Count > fields.Length)
            {
                Array.Resize(ref fields, count + values.Count + headers.Count);
            }

            for (var i = 0; i < values.Count; i++)
            {
                fields[count++] = new HeaderField(name, values[i] ?? "");
            }
        }

        return count == fields.Length ? fields : fields[..count];
    }

    /// <summary>What header lines weigh: names and values, and what separates them on the wire.</summary>
    public static long Bytes(HeaderField[] fields)
    {
        var bytes = 0L;
        foreach (var (name, value) in fields)
        {
            bytes += name.Length + value.Length + ": \r\n".Length;
        }

        return bytes;
    }

    internal static bool IsStored(string name) =>
        !HopByHopHeaders.IsHopByHop(name)
        && !name.Equals("Age", StringComparison.OrdinalIgnoreCase)
        && !name.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase);

    /// <summary>RFC 9111 §5.2.2.4 and §5.2.2.7 with field names.</summary>
    internal static bool IsWithheld(string name, in ResponseDirectives directives) =>
        FieldNameList.Contains(directives.NoCacheFields, name) || FieldNameList.Contains(directives.PrivateFields, name);
}

/// <summary>Fields that belong to one connection (RFC 9110 §7.6.1) or to one proxy (RFC 9111 §3.1) and are never stored.</summary>
internal static class HopByHopHeaders
{
    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
        [
            "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization",
            "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
        ],
        StringComparer.OrdinalIgnoreCase);

    public static bool IsHopByHop(string name) => Names.Contains(name);

    /// <summary>Whether the message's own Connection field names this field.</summary>
    public static bool IsNamedBy(StringValues connection, string name)
    {
        for (var i = 0; i < connection.Count; i++)
        {
            if (FieldNameList.Contains(connection[i], name))
            {
                return true;
            }
        }
        return false;
    }
}
