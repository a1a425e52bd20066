using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CacheProxy.Http;

/// <summary>
/// Where two JSON documents first differ in what they say: the order of members, blanks and the spelling of numbers do not count, and
/// nor does what a pointer says to ignore. The answer is a pointer that tells no value: elements are <c>*</c>, and so is the name of a
/// member that is rather somebody's data than the API's word.
/// </summary>
internal static class JsonDifference
{
    /// <summary>The most pointers that one comparison can ignore: each has a bit.</summary>
    public const int MostIgnored = 32;

    private const string Each = "*";
    private const int LongestName = 40;
    private const int MostDigits = 3;
    private const int LongestPointer = 256;

    /// <returns>The pointer; empty where the documents differ as a whole, and <c>null</c> where they do not.</returns>
    public static string? Find(JsonElement left, JsonElement right, ImmutableArray<JsonPointer> ignored)
    {
        var path = new List<string>();
        return Differ(left, right, new Ignored(ignored), path) ? Text(path) : null;
    }

    private static bool Differ(JsonElement left, JsonElement right, in Ignored ignored, List<string> path)
    {
        if (ignored.IsHere(path.Count))
        {
            return false;
        }

        if (left.ValueKind != right.ValueKind)
        {
            return true;
        }

        return left.ValueKind switch
        {
            JsonValueKind.Object => MembersDiffer(left, right, ignored, path),
            JsonValueKind.Array => ElementsDiffer(left, right, ignored, path),
            _ => !JsonElement.DeepEquals(left, right),
        };
    }

    // Nearly always in one order: then each member is met once, and nothing is looked up.
    private static bool MembersDiffer(JsonElement left, JsonElement right, in Ignored ignored, List<string> path)
    {
        var (lefts, rights) = (left.EnumerateObject(), right.EnumerateObject());
        while (true)
        {
            var (hasLeft, hasRight) = (lefts.MoveNext(), rights.MoveNext());
            if (!hasLeft && !hasRight)
            {
                return false;
            }

            if (!hasLeft || !hasRight || lefts.Current.Name != rights.Current.Name)
            {
                return RestDiffers(Rest(ref lefts, hasLeft), Rest(ref rights, hasRight), ignored, path);
            }

            if (MemberDiffers(lefts.Current.Name, lefts.Current.Value, rights.Current.Value, ignored, path))
            {
                return true;
            }
        }
    }

    // To enumerate it would begin anew.
    private static List<JsonProperty> Rest(ref JsonElement.ObjectEnumerator members, bool hasCurrent)
    {
        var rest = new List<JsonProperty>();
        for (; hasCurrent; hasCurrent = members.MoveNext())
        {
            rest.Add(members.Current);
        }

        return rest;
    }

    private static bool RestDiffers(List<JsonProperty> lefts, List<JsonProperty> rights, in Ignored ignored, List<string> path)
    {
        var others = rights.ToDictionary(static member => member.Name, static member => member.Value, StringComparer.Ordinal);
        foreach (var member in lefts)
        {
            if (MemberDiffers(member.Name, member.Value, others.Remove(member.Name, out var other) ? other : default, ignored, path))
            {
                return true;
            }
        }

        foreach (var member in rights)
        {
            if (others.ContainsKey(member.Name) && MemberDiffers(member.Name, default, member.Value, ignored, path))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where it differs, the path is left at that place.</summary>
    private static bool MemberDiffers(string name, JsonElement left, JsonElement right, in Ignored ignored, List<string> path)
    {
        var below = ignored.Below(path.Count, name);
        path.Add(Shown(name));
        if (Differ(left, right, below, path))
        {
            return true;
        }

        path.RemoveAt(path.Count - 1);
        return false;
    }

    private static bool ElementsDiffer(JsonElement left, JsonElement right, in Ignored ignored, List<string> path)
    {
        var (lefts, rights) = (left.EnumerateArray(), right.EnumerateArray());
        path.Add(Each);
        for (var i = 0; ; i++)
        {
            var (hasLeft, hasRight) = (lefts.MoveNext(), rights.MoveNext());
            if (!hasLeft && !hasRight)
            {
                path.RemoveAt(path.Count - 1);
                return false;
            }

            // One that is not there is of no kind, and so differs from any.
            var below = ignored.Below(path.Count - 1, i.ToString(CultureInfo.InvariantCulture));
            if (Differ(hasLeft ? lefts.Current : default, hasRight ? rights.Current : default, below, path))
            {
                return true;
            }
        }
    }

    // Where an object is a table, its members' names are ids, addresses or names of persons.
    private static string Shown(string name)
    {
        var digits = 0;
        foreach (var c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-' or '$'))
            {
                return Each;
            }

            digits += char.IsAsciiDigit(c) ? 1 : 0;
        }

        return name.Length is 0 or > LongestName || char.IsAsciiDigit(name[0]) || digits > MostDigits ? Each : name;
    }

    private static string Text(List<string> path)
    {
        var text = new StringBuilder();
        foreach (var part in path)
        {
            text.Append('/').Append(part);
            if (text.Length > LongestPointer)
            {
                // What is as deep as that is told by where it begins.
                text.Length = LongestPointer;
                break;
            }
        }

        return text.ToString();
    }

    /// <summary>The pointers that are followed so far, one bit for each.</summary>
    private readonly struct Ignored(ImmutableArray<JsonPointer> pointers, uint followed = uint.MaxValue)
    {
        public bool IsHere(int depth)
        {
            for (var i = 0; i < pointers.Length && i < MostIgnored; i++)
            {
                if ((followed & (1u << i)) != 0 && pointers[i].Depth == depth)
                {
                    return true;
                }
            }

            return false;
        }

        public Ignored Below(int depth, string part)
        {
            var below = 0u;
            for (var i = 0; i < pointers.Length && i < MostIgnored; i++)
            {
                below |= (followed & (1u << i)) != 0 && pointers[i].Names(depth, part) ? 1u << i : 0;
            }

            return new Ignored(pointers, below);
        }
    }
}
