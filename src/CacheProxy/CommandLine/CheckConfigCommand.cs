using System.CommandLine;
using CacheProxy.Configuration;

namespace CacheProxy.CommandLine;

/// <summary><c>check-config</c>: what a start would say of a configuration, without starting.</summary>
internal static class CheckConfigCommand
{
    public static Command Create()
    {
        var command = new Command("check-config", "Reports every problem of a configuration. Exit code 0: it can be used; 1: it cannot.");
        var input = new ConfigurationInput();
        var format = OutputFormat.Create();
        input.AddTo(command);
        command.Add(format);
        command.SetAction(async parsed =>
        {
            var sources = input.Sources(parsed);
            var problems = new List<ConfigurationProblem>();
            var snapshot = Check(sources, problems);
            if (OutputFormat.IsJson(parsed, format))
            {
                await parsed.InvocationConfiguration.Output.WriteLineAsync(Json(sources, problems));
            }
            else if (snapshot is null)
            {
                await parsed.InvocationConfiguration.Error.WriteAsync(ConfigurationReport.OfStart(problems));
            }
            else
            {
                await parsed.InvocationConfiguration.Output.WriteAsync(Summary(sources, snapshot));
            }

            return snapshot is null ? Commands.Refused : Commands.Done;
        });
        Examples.Show(command,
            ("the configuration that run would use, environment variables included", "check-config"),
            ("what a ConfigMap would add to it", "check-config --file config.json"),
            ("the directory of another API's configuration, and one value more", "check-config --directory deploy/orders --CacheProxy:Redis:Timeout=100ms"));
        return command;
    }

    /// <summary>What a start checks before it listens.</summary>
    public static ConfigurationSnapshot? Check(ConfigurationSources sources, List<ConfigurationProblem> problems)
    {
        ExportVariables.Read(problems);
        return ConfigurationCompiler.Compile(sources, running: null, problems);
    }

    private static string Summary(ConfigurationSources sources, ConfigurationSnapshot snapshot)
    {
        var routes = snapshot.Rules.Routes;
        var text = $"No problem.\n  files: {Files(sources)}\n"
            + $"  routes: {routes.Count}, {routes.Count(static route => route.Value.Policy is not null)} of them with a policy\n"
            + $"  policies: {string.Join(", ", snapshot.Options.Policies.Select(static policy => $"{policy.Name} ({policy.Mode})"))}\n"
            + $"  store: {(snapshot.Options.Redis.ConnectionString.Length == 0 ? "in memory" : "Redis")}\n";
        return sources.FileNotRead(Environment.CurrentDirectory) is { } file
            ? $"{text}  not read: {file}, which is not beside the program\n"
            : text;
    }

    private static string Files(ConfigurationSources sources) => sources.FilesRead.Count == 0 ? "none" : string.Join(", ", sources.FilesRead);

    private static string Json(ConfigurationSources sources, List<ConfigurationProblem> problems) => OutputFormat.Write(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("accepted", problems.Count == 0);
        OutputFormat.WriteTexts(json, "files", sources.FilesRead);
        json.WriteStartArray("problems");
        foreach (var problem in problems)
        {
            json.WriteStartObject();
            json.WriteString("key", problem.Key);
            json.WriteString("value", problem.Value);
            json.WriteString("allowed", problem.Allowed);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}
