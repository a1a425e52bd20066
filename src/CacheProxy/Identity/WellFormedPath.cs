using System.Buffers;

namespace CacheProxy.Identity;

/// <summary>
/// Whether every program reads a raw path alike. Proxies, frameworks and file systems disagree about encoded slashes, path parameters,
/// empty and dot segments, dots at a segment's end, backslashes and doubly encoded characters, so a path with any of them makes no key.
/// </summary>
internal static class WellFormedPath
{
    /// <param name="path">The path as it arrived, without the query.</param>
    public static bool Check(ReadOnlySpan<char> path)
    {
        if (path.IsEmpty || path[0] != '/')
        {
            return false;
        }

        // The character before; a segment may be empty only where the path ends.
        var previous = '/';
        for (var i = 1; i < path.Length; i++)
        {
            var c = path[i];
            if (c == '%' && !TryDecodeUnreserved(path, ref i, out c))
            {
                return false;
            }

            if (!UriCharacters.Path.Contains(c) || (c == '/' && previous is '/' or '.'))
            {
                return false;
            }

            previous = c;
        }

        return previous != '.';
    }

    private static bool TryDecodeUnreserved(ReadOnlySpan<char> path, ref int i, out char decoded)
    {
        decoded = default;
        if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2]))
        {
            return false;
        }

        decoded = (char)((HexValue(path[i + 1]) << 4) | HexValue(path[i + 2]));
        i += 2;
        return UriCharacters.Unreserved.Contains(decoded);
    }

    private static int HexValue(char c) => char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/// <summary>Character classes of RFC 3986 that keys are made of.</summary>
internal static class UriCharacters
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>unreserved, §2.3.</summary>
    public static readonly SearchValues<char> Unreserved = SearchValues.Create(Alphanumeric + "-._~");

    /// <summary>pchar (§3.3) and the slash, without <c>;</c> and percent-encodings: what a path may hold in a key.</summary>
    public static readonly SearchValues<char> Path = SearchValues.Create(Alphanumeric + "-._~!$&'()*+,=:@/");

    /// <summary>What an authority (§3.2) without user information may hold.</summary>
    public static readonly SearchValues<char> Host = SearchValues.Create(Alphanumeric + "-._~:[]");
}
