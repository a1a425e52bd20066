using System.Globalization;

namespace CacheProxy.Bench.Load.Machine;

/// <summary>What a process and all that descend from it use, read from /proc.</summary>
internal static class ProcessTree
{
    public static List<int> Of(int root)
    {
        var children = new Dictionary<int, List<int>>();
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var process) && ParentOf(process) is { } parent)
            {
                if (!children.TryGetValue(parent, out var siblings))
                {
                    children[parent] = siblings = [];
                }

                siblings.Add(process);
            }
        }

        List<int> all = [root];
        for (var i = 0; i < all.Count; i++)
        {
            all.AddRange(children.GetValueOrDefault(all[i], []));
        }

        return all;
    }

    /// <summary>Resident megabytes (10^6). Memory that processes share, such as the zones of nginx, counts once.</summary>
    public static double ResidentMegabytes(IEnumerable<int> processes)
    {
        long own = 0, shared = 0;
        foreach (var process in processes)
        {
            var status = File.ReadAllLines($"/proc/{process}/status");
            own += Kilobytes(status, "RssAnon:") + Kilobytes(status, "RssFile:");
            shared = Math.Max(shared, Kilobytes(status, "RssShmem:"));
        }

        return (own + shared) * 1024 / 1e6;
    }

    private static long Kilobytes(string[] status, string name)
    {
        var line = Array.Find(status, line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
    }

    // The parent is the second field after the name, which stands in parentheses and may hold anything.
    private static int? ParentOf(int process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            // It ended meanwhile, so it is nobody's child.
            return null;
        }
    }
}
