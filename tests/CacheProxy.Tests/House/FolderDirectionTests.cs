using System.Text.RegularExpressions;
using Xunit;

namespace CacheProxy.Tests.House;

/// <summary>Which folder may use which. What is reachable by arrows is allowed; there is no cycle.</summary>
public sealed partial class FolderDirectionTests
{
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Hosting"] = ["Reading", "Writing", "Proxy", "Management"],
        ["Reading"] = ["Filling", "Proxy"],
        ["Filling"] = ["Store", "Configuration", "Proxy", "Telemetry"],
        ["Writing"] = ["Store", "Configuration", "Proxy", "Telemetry"],
        ["Store"] = ["Identity", "Http", "Telemetry"],
        ["Identity"] = ["Http"],
        ["Configuration"] = ["Identity", "Store", "Telemetry"],
        ["Proxy"] = ["Http", "Configuration"],
        ["Management"] = ["Store", "Writing", "Telemetry", "Configuration"],
        ["Http"] = [],
        ["Telemetry"] = [],
    };

    public static TheoryData<string> Folders => [.. Arrows.Keys];

    [Fact]
    public void Every_folder_has_its_arrows() => Assert.Equal(
        [],
        Directory.EnumerateDirectories(Repository.Sources)
            .Select(static path => Path.GetFileName(path))
            .Where(static name => name is not "bin" and not "obj" && !Arrows.ContainsKey(name) && FilesOf(name).Length > 0));

    [Fact]
    public void There_is_no_cycle() => Assert.All(Arrows.Keys, static folder =>
        Assert.DoesNotContain(folder, Arrows[folder].SelectMany(Reachable)));

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_uses_only_what_its_arrows_reach(string folder)
    {
        var allowed = Reachable(folder).ToHashSet();
        var wrong = FilesOf(folder).SelectMany(file => UsedIn(File.ReadAllText(file))
            .Where(used => !allowed.Contains(used))
            .Select(used => $"{Repository.Relative(file)} uses {used}"));

        Assert.Equal([], wrong);
    }

    [Fact]
    public void A_use_is_seen_in_every_form()
    {
        Assert.Equal(["Store"], UsedIn("using CacheProxy.Store.Redis;"));
        Assert.Equal(["Identity"], UsedIn("using Key = CacheProxy.Identity.ResourceKey;"));
        Assert.Equal(["Identity"], UsedIn("namespace CacheProxy.Proxy;\nclass A { Identity.ResourceKey? B; }"));
        Assert.Equal(["Identity"], UsedIn("var name = global::CacheProxy.Identity.TenantName.TryParse;"));
        Assert.Equal([], UsedIn("namespace CacheProxy.Proxy;\n// see Identity.ResourceKey\nvar all = snapshot.Identity.All;"));
    }

    private static IEnumerable<string> Reachable(string folder) => Arrows[folder].SelectMany(Reachable).Append(folder).Distinct();

    private static string[] FilesOf(string folder) => Directory.Exists(Path.Combine(Repository.Sources, folder))
        ? [.. Repository.Files(Path.Combine(Repository.Sources, folder), "*.cs")]
        : [];

    // Folder = namespace is enforced by the build, so that names are enough. A type named through a part of its namespace counts too.
    private static IEnumerable<string> UsedIn(string source)
    {
        var code = CommentOrNamespace().Replace(source, "");
        var full = FullName().Matches(code).Select(static match => match.Groups["folder"].Value);
        var partial = PartialName().Matches(code)
            .Where(static match => FilesOf(match.Groups["folder"].Value)
                .Any(file => Path.GetFileNameWithoutExtension(file) == match.Groups["type"].Value))
            .Select(static match => match.Groups["folder"].Value);
        return full.Concat(partial).Where(Arrows.ContainsKey).Distinct();
    }

    [GeneratedRegex(@"//.*$|^namespace .*$", RegexOptions.Multiline)]
    private static partial Regex CommentOrNamespace();

    [GeneratedRegex(@"\bCacheProxy\.(?<folder>\w+)")]
    private static partial Regex FullName();

    [GeneratedRegex(@"(?<![.\w])(?<folder>[A-Z]\w+)\.(?:\w+\.)?(?<type>[A-Z]\w+)")]
    private static partial Regex PartialName();
}
