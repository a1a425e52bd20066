using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Serilog.Events;
using Serilog.Parsing;
using Xunit;

namespace CacheProxy.IntegrationTests.Host;

/// <summary>
/// The program that <c>CACHEPROXY_TEST_PROGRAM</c> names, such as the image's, as a process of its own in place of the product in this
/// process. Tests that look into the product, or give it a clock, are skipped then.
/// </summary>
internal sealed class ProxyProcess : IAsyncDisposable
{
    private readonly ProgramRun _program;
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _reading;
    private bool _isDisposed;

    private ProxyProcess(ProgramRun program)
    {
        _program = program;
        _reading = ReadAsync();
    }

    /// <summary>Whether the variable is set.</summary>
    public static bool IsWanted => ProgramRun.Program is not null;

    public CapturedLog Log { get; } = new();

    public Uri Proxy { get; private set; } = null!;

    public Uri Management { get; private set; } = null!;

    /// <summary>Starts it, and returns when it listens.</summary>
    /// <param name="settings">Configuration over that of the file beside the program.</param>
    /// <param name="directory">Where a copy of the program is started from, so that it reads the files there.</param>
    public static async Task<ProxyProcess> StartAsync(IEnumerable<string> settings, string? directory = null)
    {
        var path = ProgramRun.Program!;
        if (directory is not null)
        {
            path = await CopyAsync(path, directory);
        }

        var process = new ProxyProcess(ProgramRun.StartProgram(path, [.. settings]));
        await await Task.WhenAny(process._started.Task, process._reading);
        if (!process._started.Task.IsCompleted)
        {
            throw new InvalidOperationException($"The program has not started: {(await process._program.WaitAsync()).Errors}");
        }

        return process;
    }

    /// <summary>For a test that looks into the product or gives it a clock: it is skipped where the product is a process.</summary>
    public static void SkipIfWanted() => Assert.SkipWhen(IsWanted, "Needs the product in the process of the tests.");

    /// <summary>The product in this process, or the end of the test as skipped.</summary>
    public static WebApplication InThisProcess(WebApplication? app)
    {
        SkipIfWanted();
        return app!;
    }

    /// <summary>Ends it as Kubernetes does, and returns when it has ended, which it does without an error.</summary>
    public async ValueTask DisposeAsync()
    {
        // A test may do so before the end of its block does.
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_reading.IsCompleted)
        {
            await _program.TerminateAsync();
            // Its output ends with it.
            await _reading;
        }

        var (exitCode, _, errors) = await _program.WaitAsync();
        _program.Dispose();
        Assert.True(exitCode == 0, $"The program ended with {exitCode}: {errors}");
    }

    // By a program: a file that this process has open for writing while it starts another one cannot be started. A second name is enough
    // where both folders are on one file system.
    private static async Task<string> CopyAsync(string path, string directory)
    {
        foreach (var how in (string[])["--link", "--force"])
        {
            using var copying = Process.Start("cp", [how, path, directory]);
            await copying.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (copying.ExitCode == 0)
            {
                break;
            }
        }

        return Path.Combine(directory, Path.GetFileName(path));
    }

    private async Task ReadAsync()
    {
        while (await _program.ReadLineAsync() is { Length: > 0 } line)
        {
            var json = JsonNode.Parse(line)!.AsObject();
            if ((int?)json["EventId"]?["Id"] == 1000)
            {
                Proxy = new Uri((string)json["Proxy"]!);
                Management = new Uri((string)json["Management"]!);
                _started.SetResult();
            }

            Log.Emit(Event(json));
        }
    }

    private static LogEvent Event(JsonObject json)
    {
        var message = (string)json["@m"]!;
        return new LogEvent(
            DateTimeOffset.Parse((string)json["@t"]!, CultureInfo.InvariantCulture),
            json["@l"] is { } level ? Enum.Parse<LogEventLevel>((string)level!) : LogEventLevel.Information,
            exception: null,
            // The line has the finished text in place of the template.
            new MessageTemplate(message, [new TextToken(message)]),
            json.Where(static property => property.Key[0] != '@').Select(static property => new LogEventProperty(property.Key, Value(property.Value))));
    }

    private static LogEventPropertyValue Value(JsonNode? json) => json switch
    {
        JsonObject section => new StructureValue(section.Select(static property => new LogEventProperty(property.Key, Value(property.Value)))),
        JsonArray list => new SequenceValue(list.Select(Value)),
        _ => new ScalarValue(json?.GetValueKind() switch
        {
            JsonValueKind.String => (string?)json,
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            JsonValueKind.Number => json.AsValue().TryGetValue<int>(out var number) ? number : (double)json,
            _ => null,
        }),
    };
}
