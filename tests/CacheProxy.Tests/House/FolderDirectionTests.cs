using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using CacheProxy.Tests.House.Crossings.Lower;
using Xunit;

namespace CacheProxy.Tests.House;

/// <summary>Which folder may use which, held on the compiled assembly: folder = namespace is enforced by the build.</summary>
public sealed class FolderDirectionTests
{
    private const string Crossings = "CacheProxy.Tests.House.Crossings";

    private static readonly FolderArrows Arrows = new("CacheProxy", new Dictionary<string, string[]>
    {
        // CacheMiddleware.
        [""] = ["Reading", "Writing"],
        ["Hosting"] = ["", "Reading", "Writing", "Proxy", "Management", "Warming"],
        ["Warming"] = ["Reading"],
        ["Reading"] = ["Filling", "Proxy"],
        ["Filling"] = ["Store", "Configuration", "Proxy", "Telemetry"],
        ["Writing"] = ["Store", "Configuration", "Proxy", "Telemetry"],
        ["Store"] = ["Identity", "Http", "Telemetry"],
        ["Identity"] = ["Http", "Telemetry"],
        ["Configuration"] = ["Identity", "Store", "Telemetry"],
        ["Proxy"] = ["Http", "Configuration"],
        ["Management"] = ["Store", "Writing", "Telemetry", "Configuration", "Warming", "Auditing", "Intake"],
        ["Intake"] = ["Writing"],
        ["Auditing"] = ["Reading"],
        ["CommandLine"] = ["Hosting"],
        ["Http"] = [],
        ["Telemetry"] = [],
    });

    private static readonly FolderArrows CrossingArrows = new(Crossings, new Dictionary<string, string[]>
    {
        ["Upper"] = ["Lower"],
        ["Lower"] = [],
    });

    private static readonly Architecture Product = new ArchLoader().LoadAssemblies(typeof(CacheMiddleware).Assembly).Build();
    private static readonly Architecture Tests = new ArchLoader().LoadAssemblies(typeof(FolderDirectionTests).Assembly).Build();

    public static TheoryData<string> Folders => [.. Arrows.Folders];

    public static TheoryData<string> WaysAcross => [.. typeof(WaysAcross).GetNestedTypes().Select(static type => type.Name)];

    [Fact]
    public void Every_folder_has_its_arrows() => Assert.Equal(
        [],
        typeof(CacheMiddleware).Assembly.GetTypes()
            .Select(static type => type.Namespace?.Split('.') ?? [])
            .Where(static parts => parts is ["CacheProxy", ..])
            .Select(static parts => parts.ElementAtOrDefault(1) ?? "")
            .Distinct()
            .Except(Arrows.Folders));

    // With arrows that form no cycle, and no use but along the arrows, the code has none.
    [Fact]
    public void There_is_no_cycle() => Assert.DoesNotContain(Arrows.Folders, Arrows.IsOnCycle);

    [Fact]
    public void A_cycle_is_seen()
    {
        var cyclic = new FolderArrows("", new Dictionary<string, string[]> { ["A"] = ["B"], ["B"] = ["C"], ["C"] = ["B"] });

        Assert.Equal(["B", "C"], cyclic.Folders.Where(cyclic.IsOnCycle));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_folder_uses_only_what_its_arrows_reach(string folder) => Assert.Equal([], Arrows.WrongUses(folder, Product));

    [Theory]
    [MemberData(nameof(WaysAcross))]
    public void A_use_is_seen_in_every_form(string way) => Assert.Contains(
        CrossingArrows.WrongUses("Lower", Tests),
        use => use.Contains("WaysAcross+" + way + " ", StringComparison.Ordinal) && use.Contains("Upper.Target", StringComparison.Ordinal));

    [Fact]
    public void A_use_along_an_arrow_is_no_finding() => Assert.Equal([], CrossingArrows.WrongUses("Upper", Tests));
}
