using System.Globalization;
using System.Text.Json;

namespace CacheProxy.Configuration;

/// <summary>
/// Where values come from, the later over the earlier: the file beside the program, a mounted file, environment variables, the command
/// line. Each <see cref="Read"/> reads all of them anew; nothing here changes by itself.
/// </summary>
/// <param name="directory">The program's directory.</param>
/// <param name="arguments">The command line.</param>
/// <param name="last">Values over all others.</param>
internal sealed class ConfigurationSources(string directory, string[] arguments, IConfiguration last)
{
    private static readonly string[] Sections =
        [KestrelSettings.SectionName, ReverseProxyShape.SectionName, CacheProxySettings.SectionName, LogSettings.SectionName];

    /// <summary>The files in order, whether they are there or not. The second is where a ConfigMap is mounted as a directory.</summary>
    public IReadOnlyList<string> Files { get; } =
        [Path.Combine(directory, "appsettings.json"), Path.Combine(directory, "config", "appsettings.json")];

    /// <summary>All values, or <c>null</c> when a file cannot be read; unknown sections are problems too.</summary>
    public IConfigurationRoot? Read(List<ConfigurationProblem> problems)
    {
        var builder = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [ListenerSettings.UrlKey(ListenerSettings.Proxy)] = ListenerSettings.DefaultProxyUrl,
            [ListenerSettings.UrlKey(ListenerSettings.Management)] = ListenerSettings.DefaultManagementUrl,
        });
        foreach (var file in Files.Where(File.Exists))
        {
            if (ReadFile(file, problems) is not { } values)
            {
                return null;
            }

            RefuseUnknownSections(values, problems);
            builder.AddConfiguration(values);
        }

        if (ReadCommandLine(problems) is { } commandLine)
        {
            RefuseUnknownSections(commandLine, problems);
            builder.AddEnvironmentVariables().AddConfiguration(commandLine);
        }

        return builder.AddConfiguration(last).Build();
    }

    private static IConfigurationRoot? ReadFile(string path, List<ConfigurationProblem> problems)
    {
        try
        {
            using var stream = File.OpenRead(path);
            return new ConfigurationBuilder().AddJsonStream(stream).Build();
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            // A file that cannot be read stops a start, and leaves a reload without effect.
            problems.Add(new ConfigurationProblem(path, null, $"valid JSON; {Cause(exception)}"));
            return null;
        }
    }

    private static string Cause(Exception exception)
    {
        if (exception is not JsonException { LineNumber: { } line } json)
        {
            return exception.Message;
        }

        // The reader counts lines from 0 and says so at the end of its message; people and editors count from 1.
        var end = json.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return string.Create(CultureInfo.InvariantCulture, $"line {line + 1}: {(end < 0 ? json.Message : json.Message[..end])}");
    }

    private IConfigurationRoot? ReadCommandLine(List<ConfigurationProblem> problems)
    {
        try
        {
            return new ConfigurationBuilder().AddCommandLine(arguments).Build();
        }
        catch (FormatException exception)
        {
            problems.Add(new ConfigurationProblem("(command line)", null, $"--KEY=VALUE; {exception.Message}"));
            return null;
        }
    }

    // Only what somebody wrote for this program: the environment is full of variables that are none of its business.
    private static void RefuseUnknownSections(IConfigurationRoot values, List<ConfigurationProblem> problems)
    {
        var reader = new SettingsReader(values, problems);
        reader.Know(Sections);
        reader.Know("$schema");
        reader.RefuseTheRest();
    }
}
