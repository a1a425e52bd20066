using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>One primary, one replica, and one sentinel that puts the replica in the primary's place when it dies.</summary>
internal sealed class RedisSentinelGroup : IAsyncDisposable
{
    public const string ServiceName = "customers";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cacheproxy-sentinel-");
    private readonly int _port = RedisServer.FreePort();
    private Process? _sentinel;

    private RedisSentinelGroup(RedisServer first, RedisServer second)
    {
        First = first;
        Second = second;
    }

    /// <summary>The primary at the start.</summary>
    public RedisServer First { get; }

    /// <summary>The replica at the start.</summary>
    public RedisServer Second { get; }

    /// <summary>Both data nodes, without the sentinel.</summary>
    public string NodesConnectionString => First.ConnectionString + "," + Second.ConnectionString;

    /// <summary>The sentinel, and the name that it knows the group by.</summary>
    public string SentinelConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port},serviceName={ServiceName}");

    public static async Task<RedisSentinelGroup> StartAsync()
    {
        var first = await RedisServer.StartAsync("--repl-diskless-sync-delay", "0");
        var second = await RedisServer.StartAsync(
            "--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1 " + first.Port.ToString(CultureInfo.InvariantCulture));
        var group = new RedisSentinelGroup(first, second);
        try
        {
            await Eventually.TrueAsync(async () => await RoleAsync(second) == "slave/connected");
            await group.StartSentinelAsync();
            return group;
        }
        catch
        {
            await group.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a command to the sentinel.</summary>
    public async Task<object?> SendAsync(params string[] command)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var connection = await RespConnection.OpenAsync(_port, timeout.Token);
        return await connection.SendAsync(timeout.Token, command);
    }

    /// <summary>The port of the primary, if the sentinel is asked.</summary>
    public async Task<int> PrimaryPortAsync() =>
        int.Parse((string)((object?[])(await SendAsync("SENTINEL", "GET-MASTER-ADDR-BY-NAME", ServiceName))!)[1]!, CultureInfo.InvariantCulture);

    /// <summary>Empty if the connection was closed, as a node's clients are when a sentinel demotes it.</summary>
    public static async Task<string> RoleAsync(RedisServer server)
    {
        try
        {
            var role = (object?[])(await server.SendAsync("ROLE"))!;
            return (string)role[0]! == "slave" ? $"slave/{role[3]}" : (string)role[0]!;
        }
        catch (IOException)
        {
            return "";
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_sentinel is not null)
        {
            _sentinel.Kill();
            await _sentinel.WaitForExitAsync();
            _sentinel.Dispose();
        }

        await First.DisposeAsync();
        await Second.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private async Task StartSentinelAsync()
    {
        // A sentinel keeps what it learns in its configuration file, so it needs one of its own.
        var file = Path.Combine(_folder.FullName, "sentinel.conf");
        await File.WriteAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"""
            port {_port}
            bind 127.0.0.1
            dir {_folder.FullName}
            sentinel monitor {ServiceName} 127.0.0.1 {First.Port} 1
            sentinel down-after-milliseconds {ServiceName} 500
            sentinel failover-timeout {ServiceName} 2000

            """));
        var start = new ProcessStartInfo("redis-server", [file, "--sentinel"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        _sentinel = Process.Start(start)!;
        _ = _sentinel.StandardOutput.ReadToEndAsync();
        _ = _sentinel.StandardError.ReadToEndAsync();
        await Eventually.TrueAsync(KnowsTheReplicaAsync);
    }

    private async Task<bool> KnowsTheReplicaAsync()
    {
        try
        {
            return await SendAsync("SENTINEL", "REPLICAS", ServiceName) is object?[] { Length: 1 } replicas
                && ((object?[])replicas[0]!).Contains("ok");
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            // It does not listen yet.
            return false;
        }
    }
}
