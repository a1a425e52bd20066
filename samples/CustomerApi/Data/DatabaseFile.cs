namespace CustomerApi.Data;

/// <summary>Where the SQLite file lies.</summary>
internal static class DatabaseFile
{
    /// <summary>
    /// The configured path, relative to the working folder; without one, a file of this user in the temporary folder.
    /// Several processes may share a file: SQLite's own locks order their writes.
    /// </summary>
    public static string Choose(string? configured)
    {
        var path = string.IsNullOrWhiteSpace(configured)
            ? Path.Combine(Path.GetTempPath(), $"customer-api-{Environment.UserName}", "customers.db")
            : Path.GetFullPath(configured);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return path;
    }
}
