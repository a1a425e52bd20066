using System.Collections.Frozen;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Http;

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

    /// <summary>Whether the message's own Connection field names it.</summary>
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
