using System.CommandLine;
using System.CommandLine.Invocation;
using CacheProxy.Configuration;

namespace CacheProxy.CommandLine;

/// <summary>The commands of the program, and what their exit codes mean.</summary>
internal static class Commands
{
    /// <summary>What was asked for was done.</summary>
    public const int Done = 0;

    /// <summary>It was refused, or found wrong.</summary>
    public const int Refused = 1;

    /// <summary>The sidecar could not be asked.</summary>
    public const int Unreachable = 2;

    // Neither response files (@FILE) nor bundled letters: an argument means what it says.
    private static readonly ParserConfiguration AsWritten = new() { EnablePosixBundling = false, ResponseFileTokenReplacer = null };

    public static Task<int> InvokeAsync(string[] arguments) => InvokeAsync(arguments, Console.Out, Console.Error);

    public static async Task<int> InvokeAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        var root = Create();
        if (!Names(root, arguments[0]))
        {
            var names = root.Subcommands.Select(static command => command.Name).ToArray();
            var meant = NearestName.Of(arguments[0], names) is { } nearest ? $"; did you mean {nearest}?" : "";
            await errors.WriteAsync(
                $"{arguments[0]} is neither a command nor a setting{meant}\n"
                + $"Commands: {string.Join(", ", names)}. Settings are written --KEY=VALUE, such as --CacheProxy:Redis:Timeout=250ms.\n");
            return Refused;
        }

        var parsed = Parse(root, arguments);
        if (parsed.Action is ParseErrorAction)
        {
            var messages = parsed.Errors.Select(static error => error.Message).Distinct();
            await errors.WriteAsync($"{string.Join('\n', messages)}\nHelp: {Examples.Program} {parsed.CommandResult.Command.Name} --help\n");
            return Refused;
        }

        return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });
    }

    public static ParseResult Parse(RootCommand root, string[] arguments) => root.Parse(ConfigurationInput.SettingsLast(arguments), AsWritten);

    /// <summary>All of them.</summary>
    public static RootCommand Create()
    {
        var root = new RootCommand("A caching sidecar: answers what it may from Redis, and forwards the rest to the API behind it.")
        {
            RunCommand(),
            CheckConfigCommand.Create(),
            PrintConfigCommand.Create(),
            SchemaCommand(),
            ExplainCommand.Create(),
            PurgeCommand.Create(),
            StatsCommand.Create(),
            WarmCommand.Create(),
            EraseCommand.Create(),
            VersionCommand(),
        };
        root.Options.OfType<VersionOption>().Single().Action = new OneLine(VersionText);
        // Without a command the program runs, and does not come here.
        Examples.Show(root,
            ("run with the configuration beside the program", ""),
            ("find out what is wrong with a configuration", "check-config"),
            ("find out why a request was not cached", "explain /api/customers/123 -H \"X-Tenant-Subdomain: demo\""),
            ("forget what is stored of a resource", "purge /api/customers/123 --tenant demo --token-file token"));
        return root;
    }

    private static bool Names(RootCommand root, string word) =>
        root.Subcommands.Any(command => command.Name == word)
        || root.Options.Any(option => option.Name == word || option.Aliases.Contains(word));

    private static Command RunCommand()
    {
        var command = new Command(CommandWord.Run, "Runs the sidecar. So does the program without a command.")
        {
            ConfigurationInput.Settings("A setting, such as --CacheProxy:Redis:Timeout=250ms. It wins over files and environment variables."),
        };
        // The program runs before it comes here; what comes here asks for help.
        command.SetAction(static _ => Refused);
        Examples.Show(command,
            ("see every hit, fill and eviction", "run --Serilog:MinimumLevel:Override:CacheProxy=Debug"),
            ("the same, without the word", "--Serilog:MinimumLevel:Override:CacheProxy=Debug"));
        return command;
    }

    private static Command SchemaCommand()
    {
        var command = new Command("schema", "Prints the JSON Schema of appsettings.json, with which an editor completes and checks it.");
        command.SetAction(static async parsed =>
        {
            await parsed.InvocationConfiguration.Output.WriteAsync(ConfigurationSchema.Text());
            return Done;
        });
        Examples.Show(command, ("write it beside the file that names it as its $schema", "schema > cacheproxy.schema.json"));
        return command;
    }

    private static Command VersionCommand()
    {
        var command = new Command("version", "Prints the version.");
        command.SetAction(static async parsed =>
        {
            await parsed.InvocationConfiguration.Output.WriteLineAsync(VersionText());
            return Done;
        });
        return command;
    }

    private static string VersionText() => $"CacheProxy {Hosting.MetricSeries.Version}";
}
