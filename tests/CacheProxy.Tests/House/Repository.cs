namespace CacheProxy.Tests.House;

/// <summary>The files that people wrote, from wherever the tests run.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = ["bin", "obj", ".git", ".vs", "node_modules", "artifacts", "TestResults"];

    public static string Root { get; } = FindRoot();

    public static string Sources { get; } = Path.Combine(Root, "src", "CacheProxy");

    /// <summary>Paths below <paramref name="directory"/> whose names match.</summary>
    public static IEnumerable<string> Files(string directory, string pattern) => Directory
        .EnumerateFiles(directory, pattern)
        .Concat(Directory.EnumerateDirectories(directory)
            .Where(static child => !NotOurs.Contains(Path.GetFileName(child)))
            .SelectMany(child => Files(child, pattern)));

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "CacheProxy.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("No CacheProxy.sln above the tests");
    }
}
