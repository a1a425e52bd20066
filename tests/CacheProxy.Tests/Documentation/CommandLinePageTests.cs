using System.CommandLine.Help;
using System.Text.RegularExpressions;
using CacheProxy.CommandLine;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Documentation;

/// <summary>docs/command-line.md has every command with every argument, and no other.</summary>
public sealed partial class CommandLinePageTests
{
    private const string Common = "Asking a sidecar that runs";

    private static readonly Dictionary<string, string[]> Arguments = Read();

    public static TheoryData<string> Names => [.. Commands.Create().Subcommands.Select(static command => command.Name)];

    [Fact]
    public void Every_section_of_a_command_is_one_that_the_program_knows() =>
        Assert.Equal(Names.Select(static name => name.Data).Append(Common), Arguments.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_command_has_its_arguments_on_the_page(string name)
    {
        var command = Commands.Create().Subcommands.Single(command => command.Name == name);
        var asks = command.Options.Any(static option => option.Name == "--management");
        string[] known =
        [
            .. command.Arguments.Select(static argument => argument.HelpName ?? argument.Name),
            .. command.Options.Where(static option => option is not HelpOption).SelectMany(static option => option.Aliases.Prepend(option.Name)),
        ];

        Assert.Equal(known.Order(StringComparer.Ordinal), Arguments[name].Concat(asks ? Arguments[Common] : []).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_page_names_the_variable_of_the_token() =>
        Assert.Contains($"`{ManagementOptions.TokenVariable}`", File.ReadAllText(Path.Combine(Repository.Root, "docs", "command-line.md")));

    private static Dictionary<string, string[]> Read()
    {
        var sections = new Dictionary<string, string[]>(StringComparer.Ordinal);
        var section = "";
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "docs", "command-line.md")))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                section = line[3..].Trim('`');
                sections[section] = [];
            }
            else if (line.StartsWith("| `", StringComparison.Ordinal) && section.Length > 0)
            {
                sections[section] = [.. sections[section], .. Code().Matches(line.Split('|')[1]).Select(static match => match.Groups[1].Value)];
            }
        }

        return sections;
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
