using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace CacheProxy.Tests.House;

/// <summary>Which folder below a namespace may use which. What is reachable by arrows is allowed.</summary>
/// <param name="root">The namespace above the folders.</param>
/// <param name="arrows">From a folder to those that it may use; the empty name is the root itself.</param>
internal sealed class FolderArrows(string root, IReadOnlyDictionary<string, string[]> arrows)
{
    public IEnumerable<string> Folders => arrows.Keys;

    /// <summary>The folder itself and all that can be reached from it.</summary>
    public IEnumerable<string> Reachable(string folder) => arrows[folder].SelectMany(Reachable).Append(folder).Distinct();

    public bool IsOnCycle(string folder) => LeadsTo(folder, folder, []);

    /// <summary>A sentence for each type of the folder that uses what no arrow reaches, in a signature, an attribute or a body.</summary>
    public IEnumerable<string> WrongUses(string folder, Architecture architecture)
    {
        var forbidden = arrows.Keys.Except(Reachable(folder)).ToArray();
        return forbidden.Length == 0
            ? []
            : Rule(folder, forbidden).Evaluate(architecture).Where(static result => !result.Passed).Select(static result => result.Description);
    }

    private IArchRule Rule(string folder, string[] forbidden) => Types()
        .That().ResideInNamespaceMatching(Pattern([folder]))
        .Should().NotDependOnAny(Types().That().ResideInNamespaceMatching(Pattern(forbidden)))
        .WithoutRequiringPositiveResults();

    private string Pattern(string[] folders)
    {
        var below = folders.Where(static folder => folder.Length > 0).Select(static folder => $@"\.{folder}(\..+)?");
        var itself = folders.Contains("") ? [""] : Array.Empty<string>();
        return $"^{Regex.Escape(root)}({string.Join('|', itself.Concat(below))})$";
    }

    private bool LeadsTo(string from, string target, HashSet<string> seen) => arrows[from]
        .Any(next => next == target || (seen.Add(next) && LeadsTo(next, target, seen)));
}
