using System.Globalization;
using System.Text.Json;
using CacheProxy.Configuration.Checks;

namespace CacheProxy.Configuration;

/// <summary>
/// Where values come from; the later source wins: the file beside the program, a mounted file, environment variables, the command line.
/// Each <see cref="Read"/> reads all of them anew; nothing here changes by itself.
/// </summary>
/// <param name="directory">The program's directory.</param>
/// <param name="arguments">The command line.</param>
/// <param name="last">Values that win over all others.</param>
internal sealed class ConfigurationSources(string directory, string[] arguments, IConfiguration last)
{
    private static readonly string[] Sections =
        [KestrelSettings.SectionName, ReverseProxyShape.SectionName, CacheProxySettings.SectionName, TelemetrySettings.LogSection];

    private const string FileName = "appsettings.json";

    /// <summary>The files in order, whether they are there or not. The second is where a ConfigMap is mounted as a directory.</summary>
    public IReadOnlyList<string> Files { get; init; } = [Path.Combine(directory, FileName), FileIn(directory)];

    /// <summary>Those that were there at the last <see cref="Read"/>.</summary>
    public IReadOnlyList<string> FilesRead { get; private set; } = [];

    /// <summary>The files with keys and tokens that the last <see cref="Read"/> named, whether they are there or not.</summary>
    public IReadOnlyList<string> KeyFiles { get; private set; } = [];

    /// <summary>
    /// A <c>config/appsettings.json</c> that somebody who works in this directory may believe to be read; <c>null</c> when there is none.
    /// </summary>
    public string? FileNotRead(string workingDirectory) =>
        FileIn(workingDirectory) is var file && File.Exists(file) && Path.GetFullPath(file) != Path.GetFullPath(Files[^1]) ? file : null;

    /// <summary>All values, or <c>null</c> when a file cannot be read; unknown sections are problems too.</summary>
    public IConfigurationRoot? Read(List<ConfigurationProblem> problems)
    {
        var builder = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            [ListenerSettings.UrlKey(ListenerSettings.Proxy)] = ListenerSettings.DefaultProxyUrl,
            [ListenerSettings.UrlKey(ListenerSettings.Management)] = ListenerSettings.DefaultManagementUrl,
        });
        FilesRead = [.. Files.Where(File.Exists)];
        MemoryStream?[] contents = [.. FilesRead.Select(file => ReadFile(file, problems))];
        if (contents.Contains(null))
        {
            return null;
        }

        foreach (var content in contents)
        {
            builder.AddJsonStream(content!);
        }

        builder.AddEnvironmentVariables();
        AddCommandLine(builder, problems);

        // Not chained: a chained configuration drops empty values, with which a later source removes the value of an earlier one.
        var values = builder.AddInMemoryCollection(last.AsEnumerable().Where(static pair => pair.Value is not null)).Build();
        KeyFiles = [.. EncryptionSettings.Named(values), .. ManagementSettings.Named(values)];
        return values;
    }

    private static string FileIn(string directory) => Path.Combine(directory, "config", FileName);

    private static MemoryStream? ReadFile(string path, List<ConfigurationProblem> problems)
    {
        try
        {
            var content = File.ReadAllBytes(path);
            RefuseUnknownSections(new ConfigurationBuilder().AddJsonStream(new MemoryStream(content)).Build(), problems);
            return new MemoryStream(content);
        }
        catch (Exception exception) when (exception is FormatException or JsonException or IOException or UnauthorizedAccessException)
        {
            // A file that cannot be read prevents a start, and makes a reload change nothing.
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

    private void AddCommandLine(IConfigurationBuilder builder, List<ConfigurationProblem> problems)
    {
        var before = problems.Count;
        CommandLineArguments.Check(arguments, problems);
        if (problems.Count == before)
        {
            RefuseUnknownSections(new ConfigurationBuilder().AddCommandLine(arguments).Build(), problems);
            builder.AddCommandLine(arguments);
        }
    }

    // Only in what is written for this program: most environment variables are meant for others.
    private static void RefuseUnknownSections(IConfigurationRoot values, List<ConfigurationProblem> problems)
    {
        var reader = new SettingsReader(values, problems);
        reader.Know(Sections);
        reader.Know("$schema");
        reader.RefuseTheRest();
    }
}

/// <summary>Finds arguments that the framework's command line silently ignores.</summary>
internal static class CommandLineArguments
{
    public static void Check(string[] arguments, List<ConfigurationProblem> problems)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            var isKey = argument.StartsWith("--", StringComparison.Ordinal);
            if (isKey && argument.Contains('='))
            {
                continue;
            }

            // A key without '=' takes the next argument as its value.
            if (!isKey || i + 1 == arguments.Length)
            {
                problems.Add(new ConfigurationProblem("(command line)", argument, "--KEY=VALUE, such as --CacheProxy:Redis:Timeout=250ms"));
                return;
            }

            i++;
        }
    }
}
