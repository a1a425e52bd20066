using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace CacheProxy.CommandLine;

/// <summary><c>stats</c>: what the sidecar does, as a table that stays up to date.</summary>
internal static class StatsCommand
{
    private const string Recent = "recent";
    private const string SinceStart = "sinceStart";

    // Wide enough for every column where no terminal says how wide it is.
    private const int WidthOfAFile = 160;

    public static Command Create()
    {
        var command = new Command("stats", "Shows what the sidecar does: hit ratio, requests, latency. In a terminal the table stays up to date until Ctrl+C.");
        var sinceStart = new Option<bool>("--since-start") { Description = "Count since the start, and not over the last five minutes." };
        var once = new Option<bool>("--once") { Description = "Print one table and end, as without a terminal." };
        var interval = new Option<int>("--interval") { Description = "Seconds between two tables, 1 to 3600.", HelpName = "SECONDS", DefaultValueFactory = static _ => 2 };
        var management = new ManagementOptions();
        var format = OutputFormat.Create();
        interval.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 3600)
            {
                result.AddError("--interval: 1 to 3600 seconds.");
            }
        });
        command.Add(sinceStart);
        command.Add(once);
        command.Add(interval);
        management.AddTo(command);
        command.Add(format);
        command.SetAction(async (parsed, stop) =>
        {
            using var client = management.Client(parsed);
            var output = parsed.InvocationConfiguration.Output;
            var answer = await AskAsync(client, stop);
            if (answer.ExitCode != Commands.Done)
            {
                return answer.ExitCode;
            }

            if (OutputFormat.IsJson(parsed, format))
            {
                await output.WriteLineAsync(answer.Text.TrimEnd());
                return Commands.Done;
            }

            var span = parsed.GetValue(sinceStart) ? SinceStart : Recent;
            var isLive = ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected && !parsed.GetValue(once);
            var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });
            if (!isLive)
            {
                console.Profile.Width = Console.IsOutputRedirected || !ReferenceEquals(output, Console.Out) ? WidthOfAFile : console.Profile.Width;
                console.Write(Table(answer.Text, span));
                return Commands.Done;
            }

            return await console.Live(Table(answer.Text, span)).StartAsync(
                context => FollowAsync(context, client, span, TimeSpan.FromSeconds(parsed.GetValue(interval)), stop));
        });
        Examples.Show(command,
            ("watch it", "stats"),
            ("one table for a ticket", "stats --since-start > stats.txt"),
            ("all figures for a program", "stats -o json"));
        return command;
    }

    /// <summary>The figures as a table: a line for each policy, and their sum.</summary>
    /// <param name="json">What <c>GET /statistics</c> has answered.</param>
    /// <param name="span">The figures of which time.</param>
    public static Table Table(string json, string span)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var figures = Member(root, span);
        var table = new Table { Title = new TableTitle(Markup.Escape(Title(root, span))), Border = TableBorder.Simple };
        table.AddColumn("policy");
        table.AddColumn("mode");
        foreach (var column in new[] { "requests", "hits", "saved", "hit p50", "hit p99", "fill p50", "fill p99" })
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        table.AddColumn("most forwards");
        foreach (var policy in Items(Member(root, "policies")))
        {
            var name = Text(Member(policy, "name"));
            AddRow(table, name, Text(Member(policy, "mode")), Member(Member(figures, "policies"), name));
        }

        AddRow(table, "all", "", Member(figures, "total"));
        return table;
    }

    private static async Task<int> FollowAsync(LiveDisplayContext context, ManagementClient client, string span, TimeSpan interval, CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(interval, TimeProvider.System, stop);
                var answer = await AskAsync(client, stop);
                if (answer.ExitCode != Commands.Done)
                {
                    return answer.ExitCode;
                }

                context.UpdateTarget(Table(answer.Text, span));
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C is how it ends.
            return Commands.Done;
        }
    }

    private static Task<ManagementAnswer> AskAsync(ManagementClient client, CancellationToken stop) =>
        client.AskAsync(HttpMethod.Get, "/statistics", "application/json", null, stop);

    private static string Title(JsonElement root, string span)
    {
        var store = Member(root, "store");
        var time = span == Recent ? "last five minutes" : "since the start";
        var state = Member(store, "available") is { ValueKind: JsonValueKind.False } ? "away" : "there";
        return $"CacheProxy {Text(Member(root, "version"))}, {time}; store: {Text(Member(store, "kind"))}, {state}; evictions pending: {Text(Member(root, "evictionsPending"))}";
    }

    private static void AddRow(Table table, string name, string mode, JsonElement figures)
    {
        var latency = Member(figures, "latency");
        var (hit, fill) = (Member(latency, "hit"), Member(latency, "fill"));
        var reasons = Member(figures, "forwards") is { ValueKind: JsonValueKind.Object } forwards ? forwards.EnumerateObject().Take(2) : [];
        string[] cells =
        [
            name,
            mode,
            Text(Member(figures, "requests")),
            Percent(Member(figures, "hitRatio")),
            Text(Member(figures, "apiRequestsSaved")),
            Milliseconds(Member(hit, "p50Ms")),
            Milliseconds(Member(hit, "p99Ms")),
            Milliseconds(Member(fill, "p50Ms")),
            Milliseconds(Member(fill, "p99Ms")),
            string.Join(", ", reasons.Select(static reason => $"{reason.Name} {Text(reason.Value)}")),
        ];
        table.AddRow([.. cells.Select(static cell => new Markup(Markup.Escape(cell)))]);
    }

    // A figure that is not there yet, or that another version calls otherwise, leaves its cell empty.
    private static JsonElement Member(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && from.TryGetProperty(name, out var member) ? member : default;

    private static IEnumerable<JsonElement> Items(JsonElement list) => list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    private static string Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => "",
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };

    private static string Percent(JsonElement ratio) =>
        ratio.ValueKind == JsonValueKind.Number ? string.Create(CultureInfo.InvariantCulture, $"{ratio.GetDouble() * 100:0.0} %") : "";

    private static string Milliseconds(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? string.Create(CultureInfo.InvariantCulture, $"{value.GetDouble():0.##} ms") : "";
}
