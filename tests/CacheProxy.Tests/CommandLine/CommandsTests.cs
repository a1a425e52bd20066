using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using CacheProxy.CommandLine;
using Xunit;

namespace CacheProxy.Tests.CommandLine;

public sealed class CommandsTests
{
    public static TheoryData<string> Names => [.. Commands.Create().Subcommands.Select(static command => command.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_help_of_every_command_says_what_it_is_for(string name)
    {
        var help = await Invocation.OfAsync(name, "--help");

        Assert.Equal((0, ""), (help.ExitCode, help.Errors));
        Assert.Contains(Commands.Create().Subcommands.Single(command => command.Name == name).Description!, help.Output);
        Assert.Contains("Usage:", help.Output);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_example_in_the_help_is_one_that_the_parser_takes(string name)
    {
        var help = await Invocation.OfAsync(name, "--help");
        var examples = help.Output.Split('\n').Where(static line => line.StartsWith($"  {Examples.Program} ", StringComparison.Ordinal)).ToArray();

        Assert.True(name == "version" || examples.Length > 0);
        Assert.All(examples, example =>
        {
            var arguments = CommandLineParser.SplitCommandLine(example.Split('>', '|')[0]).Skip(1).ToArray();
            // None of the files that examples name is here.
            var errors = Commands.Parse(Commands.Create(), arguments).Errors
                .Where(static error => !error.Message.Contains("does not exist", StringComparison.Ordinal));
            Assert.True(CommandWord.IsRun(arguments, out _) || !errors.Any(), example);
        });
    }

    [Fact]
    public async Task The_help_of_the_program_has_every_command_and_examples()
    {
        var help = await Invocation.OfAsync("--help");

        Assert.Equal(0, help.ExitCode);
        Assert.All(Names, name => Assert.Contains($"\n  {name.Data}", help.Output));
        Assert.Contains("Examples:", help.Output);
    }

    [Theory]
    [InlineData("chek-config", "did you mean check-config?")]
    [InlineData("start", "--KEY=VALUE")]
    [InlineData("-x=1", "--KEY=VALUE")]
    public async Task An_unknown_word_is_refused_with_what_may_be_meant(string word, string said)
    {
        var refused = await Invocation.OfAsync(word);

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(said, refused.Errors);
    }

    [Theory]
    [InlineData("check-config --direcory /tmp")]
    [InlineData("check-config --directory /nowhere/at/all")]
    [InlineData("check-config -o yaml")]
    [InlineData("explain")]
    [InlineData("explain /a -H nonsense")]
    [InlineData("explain /a -H @/nowhere/at/all")]
    [InlineData("explain /a --management localhost:9904")]
    [InlineData("purge")]
    [InlineData("purge /a --tag b")]
    [InlineData("purge --policy customer --key demo:customer:1 --tenant demo")]
    [InlineData("purge --tenant demo --host demo.test")]
    [InlineData("purge --key demo:customer:1")]
    [InlineData("stats --interval 0")]
    [InlineData("stats --CacheProxy:Redis:Timeout=1s")]
    [InlineData("erase")]
    [InlineData("warm --token secret")]
    [InlineData("version now")]
    public async Task An_argument_that_cannot_be_used_is_refused_with_a_short_message(string arguments)
    {
        var refused = await Invocation.OfAsync(arguments.Split(' '));

        Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
        Assert.Contains(" --help", refused.Errors);
        Assert.InRange(refused.Errors.Split('\n').Length, 3, 5);
    }

    [Fact]
    public async Task Version_and_schema_print_what_they_are_called_after()
    {
        Assert.Matches(@"^CacheProxy \d+\.\d+\.\d+\n$", (await Invocation.OfAsync("version")).Output.ReplaceLineEndings("\n"));
        Assert.Equal((await Invocation.OfAsync("version")).Output, (await Invocation.OfAsync("--version")).Output);
        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(House.Repository.Root, "docs", "cacheproxy.schema.json")), (await Invocation.OfAsync("schema")).Output);
    }

    [Fact]
    public Task Check_config_reports_every_problem_of_the_files_and_settings_that_it_is_given() => Invocation.InDirectoryAsync(
        static async directory =>
        {
            var refused = await Invocation.OfAsync(
                "check-config", "--directory", directory, "--CacheProxy:Memory:UnreadTimeout=0", "--CacheProxy:Redis:ConnectionString", "redis://:s3cret@redis");

            Assert.Equal((1, ""), (refused.ExitCode, refused.Output));
            Assert.StartsWith("CacheProxy cannot start: 3 problems.", refused.Errors);
            Assert.Contains("CacheProxy:Policies:customer:Ttl = \"5\"", refused.Errors);
            Assert.Contains("CacheProxy:Memory:UnreadTimeout = \"0\"", refused.Errors);
            Assert.DoesNotContain("s3cret", refused.Errors);
        },
        mounted: """{ "CacheProxy": { "Policies": { "customer": { "Ttl": "5" } } } }""");

    [Fact]
    public Task Check_config_says_what_it_has_found_good() => Invocation.InDirectoryAsync(static async directory =>
    {
        var accepted = await Invocation.OfAsync("check-config", "-d", directory);

        Assert.Equal((0, ""), (accepted.ExitCode, accepted.Errors));
        Assert.Contains("No problem.", accepted.Output);
        Assert.Contains(Path.Combine(directory, "appsettings.json"), accepted.Output);
        Assert.Contains("customer (On), customer-list (Off)", accepted.Output);
    });

    [Fact]
    public Task A_file_for_a_ConfigMap_counts_in_place_of_the_mounted_one() => Invocation.InDirectoryAsync(
        static async directory =>
        {
            var file = Path.Combine(directory, "configmap.json");
            await File.WriteAllTextAsync(file, """{ "CacheProxy": { "Policies": { "pet": { "Mode": "On" } } } }""");

            var accepted = await Invocation.OfAsync("check-config", "--directory", directory, "--file", file, "-o", "json");

            var json = JsonNode.Parse(accepted.Output)!;
            Assert.True((bool)json["accepted"]!);
            Assert.Equal([Path.Combine(directory, "appsettings.json"), file], json["files"]!.AsArray().Select(static name => (string)name!));
            Assert.Contains("policies: customer (On), customer-list (Off), pet (On)", (await Invocation.OfAsync("check-config", "-d", directory, "-f", file)).Output);
        },
        mounted: "not JSON");

    [Fact]
    public Task Check_config_writes_problems_as_JSON() => Invocation.InDirectoryAsync(
        static async directory =>
        {
            var refused = await Invocation.OfAsync("check-config", "-d", directory, "-o", "json");

            var problem = Assert.Single(JsonNode.Parse(refused.Output)!["problems"]!.AsArray())!;
            Assert.Equal(1, refused.ExitCode);
            Assert.Equal(("CacheProxy:Policies:customer:Tll", null), ((string?)problem["key"], (string?)problem["value"]));
            Assert.Contains("did you mean CacheProxy:Policies:customer:Ttl?", (string?)problem["allowed"]);
        },
        mounted: """{ "CacheProxy": { "Policies": { "customer": { "Tll": "5m" } } } }""");
}
