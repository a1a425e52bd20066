using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>A real redis-server of the test's own: a free port, an own folder, nothing saved unless asked, gone at the end.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private const int Kill = 9;
    private const int Continue = 18;
    private const int Stop = 19;
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cacheproxy-redis-");
    private readonly string[] _arguments;
    private readonly string? _password;
    private Process? _process;

    private RedisServer(int port, string? password, string[] arguments)
    {
        Port = port;
        _password = password;
        _arguments = arguments;
    }

    public int Port { get; }

    public int ProcessId => _process?.Id ?? throw new InvalidOperationException("This redis-server is not running.");

    /// <summary>For <c>CacheProxy:Redis:ConnectionString</c>.</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}") + (_password is null ? "" : ",password=" + _password);

    /// <summary>A port that nobody listens on just now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static Task<RedisServer> StartAsync(params string[] arguments) => StartAsync(port: 0, password: null, arguments);

    /// <param name="port">0: any free one.</param>
    /// <param name="password">What clients have to give; <c>null</c>: nothing.</param>
    /// <param name="arguments">More arguments of redis-server.</param>
    public static async Task<RedisServer> StartAsync(int port, string? password, params string[] arguments)
    {
        for (var attempts = 5; ; attempts--)
        {
            var server = new RedisServer(port == 0 ? FreePort() : port, password, arguments);
            try
            {
                await server.RunAsync();
                return server;
            }
            catch (InvalidOperationException exception)
                when (port == 0 && attempts > 1 && exception.Message.Contains("Address already in use", StringComparison.Ordinal))
            {
                // Another test's connection took the port since it was found free: the next one may stay so.
                server._folder.Delete(recursive: true);
            }
        }
    }

    /// <summary>Sends a command on a connection of its own; the reply is a string, a number as a string, <c>null</c>, or a list of those.</summary>
    /// <exception cref="RespException">Redis answered with an error.</exception>
    public async Task<object?> SendAsync(params string[] command)
    {
        using var timeout = new CancellationTokenSource(Budget);
        using var connection = await RespConnection.OpenAsync(Port, timeout.Token);
        if (_password is not null)
        {
            await connection.SendAsync(timeout.Token, "AUTH", _password);
        }

        return await connection.SendAsync(timeout.Token, command);
    }

    public async Task<string?> TextAsync(params string[] command) => (string?)await SendAsync(command);

    public async Task<long> NumberAsync(params string[] command) =>
        long.Parse((string)(await SendAsync(command))!, CultureInfo.InvariantCulture);

    /// <summary>The names of a hash's fields, sorted.</summary>
    public async Task<string[]> FieldsAsync(string key) =>
        [.. ((object?[])(await SendAsync("HKEYS", key))!).Cast<string>().Order(StringComparer.Ordinal)];

    /// <summary>How often it has refused a command.</summary>
    public async Task<int> RefusalsAsync(string command)
    {
        var match = Regex.Match((await TextAsync("INFO", "commandstats"))!, "cmdstat_" + command + ":.*rejected_calls=([0-9]+)");
        return match.Success ? int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : 0;
    }

    public Task ConfigureAsync(string parameter, string value) => SendAsync("CONFIG", "SET", parameter, value);

    /// <summary>It hangs: connections stay open and nothing answers.</summary>
    public void Hang() => Signal(Stop);

    public void Release() => Signal(Continue);

    /// <summary>It dies without a word.</summary>
    public async Task KillAsync()
    {
        Signal(Kill);
        await _process!.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    /// <summary>Runs it again on the same port: empty, or with what <see cref="SaveAsync"/> has saved.</summary>
    public Task RestartAsync() => RunAsync();

    public Task SaveAsync() => SendAsync("SAVE");

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        _folder.Delete(recursive: true);
    }

    [DllImport("libc", EntryPoint = "kill")]
    private static extern int SendSignal(int processId, int signal);

    private async Task RunAsync()
    {
        var start = new ProcessStartInfo("redis-server") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
        [
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder.FullName,
            "--save", "", "--appendonly", "no", .. _password is null ? (string[])[] : ["--requirepass", _password], .. _arguments,
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        try
        {
            _process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception exception)
        {
            throw new InvalidOperationException("These tests need redis-server (Debian: apt-get install redis-server).", exception);
        }

        var output = _process.StandardOutput.ReadToEndAsync();
        _ = _process.StandardError.ReadToEndAsync();
        var deadline = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            if (_process.HasExited || deadline.Elapsed > Budget)
            {
                throw new InvalidOperationException("redis-server did not start: " + (_process.HasExited ? await output : "no answer"));
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10));
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            // PONG, or NOAUTH and its like: either way it is up, unless it still loads.
            return await SendAsync("PING") is not null;
        }
        catch (RespException exception)
        {
            return !exception.Message.StartsWith("LOADING", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Signal(int signal)
    {
        if (SendSignal(ProcessId, signal) != 0)
        {
            throw new InvalidOperationException("redis-server is gone.");
        }
    }
}
