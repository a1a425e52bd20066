using CacheProxy.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Tests.Http;

/// <summary>Headers written as lines, as in the RFCs' examples.</summary>
internal static class Headers
{
    /// <summary>Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples.</summary>
    public const string Date = "Sun, 06 Nov 1994 08:49:37 GMT";

    public const long DateMs = 784_111_777_000;

    public static HeaderDictionary Live(params string[] lines)
    {
        var headers = new HeaderDictionary();
        foreach (var line in lines)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = line[..colon];
            headers[name] = StringValues.Concat(headers[name], line[(colon + 1)..].TrimStart(' '));
        }
        return headers;
    }

    public static ResponseHeaders Response(params string[] lines) => new(Live(lines));

    public static HeaderField[] Stored(params string[] lines) =>
        [.. lines.Select(line => line.Split(": ", 2)).Select(parts => new HeaderField(parts[0], parts[1]))];

    public static string[] Lines(HeaderField[] fields) => [.. fields.Select(field => $"{field.Name}: {field.Value}")];
}
