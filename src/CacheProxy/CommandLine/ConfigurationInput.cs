using System.CommandLine;
using CacheProxy.Configuration;

namespace CacheProxy.CommandLine;

/// <summary>Which configuration a command is about: the one that <c>run</c> would use, or the files that its options name.</summary>
internal sealed class ConfigurationInput
{
    private readonly Option<DirectoryInfo> _directory = new("--directory", "-d")
    {
        Description = "The directory of appsettings.json and config/appsettings.json. Default: the program's.",
        HelpName = "DIR",
    };

    private readonly Option<FileInfo> _file = new("--file", "-f")
    {
        Description = "A file in place of config/appsettings.json, such as one for a ConfigMap.",
        HelpName = "FILE",
    };

    private readonly Argument<string[]> _settings = Settings("A setting as for run. Environment variables count, too.");

    public void AddTo(Command command)
    {
        command.Add(_directory.AcceptExistingOnly());
        command.Add(_file.AcceptExistingOnly());
        command.Add(_settings);
    }

    public ConfigurationSources Sources(ParseResult parsed)
    {
        var directory = parsed.GetValue(_directory)?.FullName ?? AppContext.BaseDirectory;
        var sources = Beside(directory, parsed.GetValue(_settings) ?? []);
        return parsed.GetValue(_file) is { } file
            ? new ConfigurationSources(directory, parsed.GetValue(_settings) ?? [], Nothing()) { Files = [sources.Files[0], file.FullName] }
            : sources;
    }

    /// <summary>What <c>run</c> would use without arguments.</summary>
    public static ConfigurationSources OfRun() => Beside(AppContext.BaseDirectory, []);

    private static ConfigurationSources Beside(string directory, string[] settings) => new(directory, settings, Nothing());

    private static IConfiguration Nothing() => new ConfigurationBuilder().Build();

    public static Argument<string[]> Settings(string description)
    {
        var settings = new Argument<string[]>("--KEY=VALUE") { Description = description, Arity = ArgumentArity.ZeroOrMore };
        settings.Validators.Add(static result =>
        {
            for (var i = 0; i < result.Tokens.Count; i++)
            {
                var text = result.Tokens[i].Value;
                if (!IsSetting(text))
                {
                    result.AddError($"{text} is neither an option nor a setting: those are written --KEY=VALUE.");
                    return;
                }

                // Without '=' the next one is its value.
                i += text.Contains('=', StringComparison.Ordinal) ? 0 : 1;
            }
        });
        return settings;
    }

    /// <summary>
    /// The arguments with the settings among them behind <c>--</c>, where they cannot be taken for options. A setting is told by the colon
    /// in its key, which no option's name has; without <c>=</c> its value is the next argument.
    /// </summary>
    public static string[] SettingsLast(string[] arguments)
    {
        var (others, settings) = (new List<string>(), new List<string>());
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!IsSetting(arguments[i]))
            {
                others.Add(arguments[i]);
                continue;
            }

            settings.Add(arguments[i]);
            if (!arguments[i].Contains('=', StringComparison.Ordinal) && i + 1 < arguments.Length)
            {
                settings.Add(arguments[++i]);
            }
        }

        return settings.Count == 0 ? arguments : [.. others, "--", .. settings];
    }

    private static bool IsSetting(string argument) => argument.StartsWith("--", StringComparison.Ordinal)
        && argument.Split('=')[0].Contains(':', StringComparison.Ordinal);
}
