using System.Text;
using CacheProxy.Identity;

namespace CacheProxy.Writing;

/// <summary>
/// A path as the most lenient API reads it: encoded characters are decoded, however often; backslashes are slashes; empty and dot
/// segments, path parameters, and dots, blanks and control characters at the end of a segment do not count.
/// </summary>
internal static class LenientPath
{
    private static readonly char[] Blanks = [' ', '\t', '\r', '\n'];

    /// <param name="path">A raw path, or a URL in whose place it stands.</param>
    /// <returns>A path that begins with a slash.</returns>
    public static string Read(ReadOnlySpan<char> path)
    {
        var text = LenientText.Fold(LenientText.Decode(PathOf(path).ToString()));
        var segments = new List<string>();
        foreach (var part in text.Replace('\\', '/').Split('/'))
        {
            var segment = Clean(part);
            if (segment == ".." && segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else if (segment.Length > 0 && segment != "." && segment != "..")
            {
                segments.Add(segment);
            }
        }

        return new StringBuilder("/").AppendJoin('/', segments).ToString();
    }

    private static string Clean(string segment)
    {
        var end = segment.AsSpan().IndexOfAny(';', '?', '\0');
        var name = (end < 0 ? segment : segment[..end]).Trim(Blanks);
        return name is "." or ".." ? name : name.TrimEnd([.. Blanks, '.']);
    }

    private static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target)
    {
        var scheme = target.IndexOf("://");
        if (scheme > 0 && target.IndexOf('/') > scheme)
        {
            var slash = target[(scheme + 3)..].IndexOf('/');
            target = slash < 0 ? "/" : target[(scheme + 3 + slash)..];
        }

        var query = target.IndexOfAny('?', '#');
        return query < 0 ? target : target[..query];
    }
}
