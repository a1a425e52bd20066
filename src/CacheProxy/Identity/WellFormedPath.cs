namespace CacheProxy.Identity;

/// <summary>
/// Whether a raw path means the same to everybody. Proxies, frameworks and file systems differ in what they make of encoded slashes,
/// path parameters, empty and dot segments, dots at a segment's end, backslashes and doubly encoded characters, so a path with any of
/// them is never a key.
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
