using System.Diagnostics;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>The tool of Prometheus that reads metrics, rules and queries as Prometheus does.</summary>
internal static class Promtool
{
    public static readonly string Directory = Path.Combine(Repository.Root, "deploy", "observability");

    /// <summary>Runs it where the rules are.</summary>
    public static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => RunAsync("", arguments);

    /// <summary>What it has to say about these metrics.</summary>
    public static Task<(int ExitCode, string Output)> CheckAsync(IEnumerable<string> lines) =>
        RunAsync(string.Join('\n', lines) + "\n", ["check", "metrics"]);

    private static async Task<(int ExitCode, string Output)> RunAsync(string input, string[] arguments)
    {
        var start = new ProcessStartInfo("promtool", arguments)
        {
            WorkingDirectory = Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var promtool = Process.Start(start)!;
        var errors = promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await promtool.StandardInput.WriteAsync(input);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (promtool.ExitCode, await output + await errors);
    }
}
