using System.Diagnostics;

namespace CacheProxy.IntegrationTests.Samples;

/// <summary>A program of samples/, started from its built output as a process of its own.</summary>
internal sealed class SampleProgram : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _temporaryFolder;

    private SampleProgram(Process process, DirectoryInfo temporaryFolder)
    {
        _process = process;
        _temporaryFolder = temporaryFolder;
    }

    public StreamReader Output => _process.StandardOutput;

    public StreamReader Error => _process.StandardError;

    public static SampleProgram Start(string project, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", [PathOf(project), .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // A foreign appsettings.json lies there, as it does in the folder that a developer starts the program from.
            WorkingDirectory = AppContext.BaseDirectory,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("ASPNETCORE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        // Its own, so that what a killed program leaves behind goes too.
        var temporaryFolder = Directory.CreateTempSubdirectory("sample-program-");
        start.Environment["TMPDIR"] = start.Environment["TEMP"] = temporaryFolder.FullName;
        return new SampleProgram(Process.Start(start)!, temporaryFolder);
    }

    /// <summary>Kills this process and none that it started.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Asks it to end as Kubernetes does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Xunit.TestContext.Current.CancellationToken);
    }

    public async Task<int> ExitCodeAsync(CancellationToken stop)
    {
        await _process.WaitForExitAsync(stop);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        try
        {
            _temporaryFolder.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A killed demo's API may still be closing its database; the system clears temporary files.
        }
    }

    /// <summary>Built beside the tests, with the same configuration and framework.</summary>
    private static string PathOf(string project)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory);
        var configuration = framework.Parent!;
        var root = configuration.Parent!.Parent!.Parent!.Parent!;
        return Path.Combine(root.FullName, "samples", project, "bin", configuration.Name, framework.Name, $"{project}.dll");
    }
}
