using System.Diagnostics;
using System.Reflection;

namespace Demo.Starting;

/// <summary>
/// A program that the demo started. It lives no longer than the demo: it ends when the pipe to its standard input closes
/// (see StartupHook), which the operating system does even for a demo that was killed.
/// </summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int LinesKept = 30;

    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    /// <summary>Variables of the user's shell that would change how the children behave.</summary>
    private static readonly string[] ForeignSettings =
    [
        "ASPNETCORE_", "DOTNET_URLS", "DOTNET_HTTP_PORTS", "DOTNET_HTTPS_PORTS", "URLS", "HTTP_PORTS", "HTTPS_PORTS",
        "Kestrel__", "ReverseProxy__", "CacheProxy__", "Serilog__", "Database__", "Logging__",
    ];

    private readonly Process _process;
    private readonly Queue<string> _lastLines = new();
    private readonly Lock _linesLock = new();

    private ChildProcess(string name, Process process)
    {
        Name = name;
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        Exited = process.WaitForExitAsync(CancellationToken.None);
    }

    public string Name { get; }

    /// <summary>Completes when the program has ended and all that it wrote has been read.</summary>
    public Task Exited { get; }

    public static ChildProcess Start(string program, IReadOnlyDictionary<string, string> settings)
    {
        var path = ChildPrograms.PathOf(program);
        var start = new ProcessStartInfo(ChildPrograms.DotnetHost(), [path])
        {
            WorkingDirectory = Path.GetDirectoryName(path),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(IsForeign).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        start.Environment["DOTNET_STARTUP_HOOKS"] = Assembly.GetExecutingAssembly().Location;
        return new ChildProcess(program, Process.Start(start)!);
    }

    /// <summary>What to report when the program ended by itself.</summary>
    public string Obituary()
    {
        lock (_linesLock)
        {
            var heading = $"{Name} ended with exit code {_process.ExitCode}.";
            return _lastLines.Count == 0
                ? heading
                : $"{heading} Its last lines:{Environment.NewLine}{string.Join(Environment.NewLine, _lastLines.Select(line => "  | " + line))}";
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The sign to stop. After a Ctrl-C in a terminal, which reaches the children too, nothing may be left to read it.
        _process.StandardInput.Close();
        try
        {
            await Exited.WaitAsync(Grace);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Exited;
        }

        _process.Dispose();
    }

    private static bool IsForeign(string name) =>
        ForeignSettings.Any(prefix => prefix.EndsWith('_')
            ? name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)
            : name.Equals(prefix, StringComparison.OrdinalIgnoreCase));

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_linesLock)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > LinesKept)
            {
                _lastLines.Dequeue();
            }
        }
    }
}
