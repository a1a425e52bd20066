using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace CacheProxy.CommandLine;

/// <summary>Shows examples at the end of a command's help.</summary>
internal static class Examples
{
    public const string Program = "CacheProxy";

    public static void Show(Command command, params (string For, string Arguments)[] examples)
    {
        // The root has an option for itself and all commands; one of a command's own is found first.
        var help = command.Options.OfType<HelpOption>().FirstOrDefault();
        if (help is null)
        {
            help = new HelpOption();
            command.Add(help);
        }

        help.Action = new HelpWithExamples((HelpAction)help.Action!, examples);
    }

    private sealed class HelpWithExamples(HelpAction help, (string For, string Arguments)[] examples) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var (purpose, arguments) in examples)
            {
                output.WriteLine($"  # {purpose}");
                output.WriteLine($"  {Program} {arguments}".TrimEnd());
            }

            output.WriteLine();
            return code;
        }
    }
}

/// <summary>Answers an option with one line.</summary>
/// <param name="text">The line.</param>
internal sealed class OneLine(Func<string> text) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine(text());
        return Commands.Done;
    }
}
