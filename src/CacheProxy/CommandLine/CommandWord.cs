namespace CacheProxy.CommandLine;

/// <summary>What the first argument says. Apart from <see cref="Commands"/>, so that a start need not know them.</summary>
internal static class CommandWord
{
    public const string Run = "run";

    private static readonly string[] Help = ["--help", "-h", "-?", "/h", "/?"];

    /// <summary>
    /// Whether the program is to run: without a command, when the first argument is a setting (<c>--KEY=VALUE</c>), or by the command
    /// <c>run</c>.
    /// </summary>
    /// <param name="arguments">The command line.</param>
    /// <param name="settings">The arguments that are settings.</param>
    public static bool IsRun(string[] arguments, out string[] settings)
    {
        settings = arguments;
        if (arguments is [])
        {
            return true;
        }

        if (arguments[0] == Run)
        {
            settings = arguments[1..];
            return settings is [] || !Help.Contains(settings[0]);
        }

        return arguments[0].StartsWith("--", StringComparison.Ordinal) && arguments is not ["--help" or "--version", ..];
    }
}
