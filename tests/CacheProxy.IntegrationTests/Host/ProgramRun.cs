using System.Collections.Concurrent;
using System.Diagnostics;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>The built program as a process of its own.</summary>
internal sealed class ProgramRun : IDisposable
{
    // A start that hangs fails its test instead of the whole run.
    private static readonly TimeSpan Budget = TimeSpan.FromMinutes(1);

    // A test that is skipped while it starts disposes of nothing; no program outlives the tests for that.
    private static readonly ConcurrentDictionary<ProgramRun, bool> Running = [];

    private readonly Process _process;
    private readonly Task<string> _errors;

    static ProgramRun() => AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
    {
        foreach (var run in Running.Keys)
        {
            run.Dispose();
        }
    };

    private ProgramRun(Process process)
    {
        _process = process;
        Running[this] = true;
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>
    /// A built program that is started in place of the one of this build: the Native AOT binary. Named by <c>CACHEPROXY_TEST_PROGRAM</c>.
    /// </summary>
    public static string? Program { get; } = Environment.GetEnvironmentVariable("CACHEPROXY_TEST_PROGRAM") is { Length: > 0 } path ? path : null;

    public int ProcessId => _process.Id;

    public static ProgramRun Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        // Anywhere but beside the program.
        StartIn(Path.GetTempPath(), environment, arguments);

    public static ProgramRun StartIn(string directory, IReadOnlyDictionary<string, string> environment, params string[] arguments) => Program is null
        ? Run(directory, environment, "dotnet", [Path.Combine(AppContext.BaseDirectory, "CacheProxy.dll"), .. arguments])
        : Run(directory, environment, Program, arguments);

    /// <summary>Starts a program that needs no other to run it.</summary>
    public static ProgramRun StartProgram(string path, params string[] arguments) =>
        Run(Path.GetTempPath(), new Dictionary<string, string>(), path, arguments);

    private static ProgramRun Run(string directory, IReadOnlyDictionary<string, string> environment, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = directory,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new ProgramRun(Process.Start(start)!);
    }

    public async Task<string> ReadLineAsync() =>
        await _process.StandardOutput.ReadLineAsync(Xunit.TestContext.Current.CancellationToken) ?? "";

    /// <summary>Asks it to end as Kubernetes does.</summary>
    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Xunit.TestContext.Current.CancellationToken);
    }

    /// <summary>Stops it where it is, so that it hears nothing.</summary>
    public void Freeze()
    {
        using var stop = Process.Start("kill", ["-STOP", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        stop.WaitForExit();
    }

    /// <summary>Ends it without warning, as a node that fails does.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(Xunit.TestContext.Current.CancellationToken);
    }

    public async Task<(int ExitCode, string Output, string Errors)> WaitAsync()
    {
        using var budget = CancellationTokenSource.CreateLinkedTokenSource(Xunit.TestContext.Current.CancellationToken);
        budget.CancelAfter(Budget);
        var output = await _process.StandardOutput.ReadToEndAsync(budget.Token);
        await _process.WaitForExitAsync(budget.Token);
        return (_process.ExitCode, output, await _errors);
    }

    public void Dispose()
    {
        if (!Running.TryRemove(this, out _))
        {
            return;
        }

        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
