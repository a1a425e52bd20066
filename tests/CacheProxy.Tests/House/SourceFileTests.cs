using Xunit;

namespace CacheProxy.Tests.House;

public sealed class SourceFileTests
{
    private const int LongestFile = 300;
    private const int MostFiles = 350;

    // Names that say nothing of what is behind them.
    private static readonly string[] EmptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Info", "Impl", "Extensions"];

    [Fact]
    public void No_file_is_longer_than_300_lines() => AssertNone(
        CodeFiles()
            .Select(static file => (file, lines: File.ReadLines(file).Count()))
            .Where(static pair => pair.lines > LongestFile)
            .Select(static pair => $"{Repository.Relative(pair.file)}: {pair.lines}"));

    [Fact]
    public void The_sidecar_has_at_most_340_files() =>
        Assert.InRange(Repository.Files(Repository.Sources, "*.cs").Count(), 1, MostFiles);

    [Fact]
    public void No_type_has_a_name_that_says_nothing() => AssertNone(
        ProductTypes().Select(static type => type.Name.Split('`')[0])
            .Concat(CodeFiles().Select(static file => Path.GetFileNameWithoutExtension(file)))
            .Where(static name => EmptyWords.Any(word => name.EndsWith(word, StringComparison.Ordinal)))
            .Distinct());

    [Fact]
    public void No_file_names_a_directory_of_the_machine_it_was_written_on_or_leaves_a_note_for_later()
    {
        // Put together here, or this file would find itself.
        string[] forbidden = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "TO" + "DO", "FIX" + "ME", "HA" + "CK"];
        string[] patterns = ["*.cs", "*.csproj", "*.props", "*.json", "*.md", "*.sh", "*.lua", "*.y*ml", "Dockerfile", ".editorconfig"];

        AssertNone(
            patterns.SelectMany(static pattern => Repository.Files(Repository.Root, pattern))
                .SelectMany(file => forbidden
                    .Where(word => File.ReadAllText(file).Contains(word, StringComparison.Ordinal))
                    .Select(word => $"{Repository.Relative(file)}: {word}")));
    }

    private static void AssertNone(IEnumerable<string> findings)
    {
        var all = string.Join('\n', findings);
        Assert.True(all.Length == 0, all);
    }

    private static IEnumerable<string> CodeFiles() => Repository.Files(Repository.Root, "*.cs");

    private static IEnumerable<Type> ProductTypes() => typeof(CacheMiddleware).Assembly.GetTypes()
        .Where(static type => type.Namespace?.StartsWith(nameof(CacheProxy), StringComparison.Ordinal) == true);
}
