using System.Diagnostics;
using CacheProxy.Tests.House;
using Xunit;

namespace CacheProxy.Tests.Deployment;

/// <summary>The tool of Prometheus that reads metrics, rules and queries as Prometheus does.</summary>
internal static class Promtool
{
    public static readonly string Directory = Path.Combine(Repository.Root, "deploy", "observability");

    /// <summary>Runs it where the rules are.</summary>
    public static Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => RunAsync("promtool", "", arguments);

    /// <summary>Runs another program there.</summary>
    public static Task<(int ExitCode, string Output)> RunOtherAsync(string program, params string[] arguments) => RunAsync(program, "", arguments);

    /// <summary>What it has to say about these metrics.</summary>
    public static Task<(int ExitCode, string Output)> CheckAsync(IEnumerable<string> lines) =>
        RunAsync("promtool", string.Join('\n', lines) + "\n", ["check", "metrics"]);

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, string input, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output + await errors);
    }
}
