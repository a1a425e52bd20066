using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CacheProxy.Bench.Load.Machine;

/// <summary>A program that listens on a free port of the loopback, with a folder of its own. Ended with all its children.</summary>
internal sealed class Server : IDisposable
{
    private static readonly List<Server> Running = [];

    private static bool _ending;

    private readonly Process _process;
    private readonly int _id;
    private readonly string _log;
    // By process, so that one that ended, as nginx's cache loader does after its start, still counts.
    private readonly Dictionary<int, TimeSpan> _used = [];

    static Server() => AppDomain.CurrentDomain.ProcessExit += static (_, _) => StopAll();

    private Server(Process process, string log, int port)
    {
        _process = process;
        _id = process.Id;
        _log = log;
        Port = port;
    }

    public int Port { get; }

    /// <summary>Starts <paramref name="command"/>, program and arguments separated by blanks, and waits until the port is open.</summary>
    public static Server Start(string command, string folder, int port)
    {
        var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var log = Path.Combine(folder, "log");
        // The shell gives its place to the program, so that the process is the program's.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec \"$@\" >\"$log\" 2>&1 </dev/null", "sh", log, .. words])
        {
            WorkingDirectory = folder,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        Server server;
        lock (Running)
        {
            ObjectDisposedException.ThrowIf(_ending, typeof(Server));
            server = new Server(Process.Start(start)!, log, port);
            Running.Add(server);
        }

        server.WaitUntilOpen();
        return server;
    }

    public static (int First, int Second) FreePorts()
    {
        // Both are held until both are known, or they could be the same.
        using var first = new TcpListener(IPAddress.Loopback, 0);
        using var second = new TcpListener(IPAddress.Loopback, 0);
        first.Start();
        second.Start();
        return (((IPEndPoint)first.LocalEndpoint).Port, ((IPEndPoint)second.LocalEndpoint).Port);
    }

    /// <summary>User and system time of the program and all its children.</summary>
    public TimeSpan ProcessorTime()
    {
        foreach (var process in ProcessTree.Of(_id))
        {
            if (Linux.ProcessorTime(process) is { } used)
            {
                _used[process] = used;
            }
        }

        return _used.Values.Aggregate(TimeSpan.Zero, static (sum, used) => sum + used);
    }

    public double ResidentMegabytes() => ProcessTree.ResidentMegabytes(ProcessTree.Of(_id));

    public void Dispose()
    {
        lock (Running)
        {
            Running.Remove(this);
        }

        KillAll();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static void StopAll()
    {
        Server[] all;
        lock (Running)
        {
            all = [.. Running];
            _ending = true;
        }

        foreach (var server in all)
        {
            server.KillAll();
        }
    }

    private static void Kill(int process)
    {
        try
        {
            using var found = Process.GetProcessById(process);
            found.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // It has ended already.
        }
    }

    private void KillAll()
    {
        // The children of a killed parent may live on, so they are noted before.
        foreach (var process in ProcessTree.Of(_id))
        {
            Kill(process);
        }
    }

    private void WaitUntilOpen()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Connect(IPAddress.Loopback, Port);
                return;
            }
            catch (SocketException) when (!_process.HasExited && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30))
            {
                Thread.Sleep(1);
            }
            catch (SocketException e)
            {
                var log = File.ReadAllText(_log).ReplaceLineEndings(" ");
                throw new BenchFailure($"It does not start: {log[..Math.Min(log.Length, 300)]}", e);
            }
        }
    }
}
