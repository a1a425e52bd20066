using CacheProxy.Bench.Load.Machine;

namespace CacheProxy.Bench.Load.Peers;

/// <summary>Where everything runs: the programs, the files of the peers, a temporary folder, and the API.</summary>
internal sealed class Site : IDisposable
{
    private readonly string _files;
    private readonly string _programs;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bench-");
    private int _folders;

    public Site(string files, string programs)
    {
        _files = files;
        _programs = programs;
        Origin = new Origin(Start("nginx -e stderr -c @FOLDER@/origin.conf", ["origin.conf", "origin.lua"], 0, 0));
    }

    public Origin Origin { get; }

    /// <summary>The file is absent where the program could not be compiled so.</summary>
    public FileInfo AotBinary => new(Path.Combine(_programs, "aot", "CacheProxy"));

    public bool Has(Peer peer) => !peer.IsAot || AotBinary.Exists;

    /// <summary>A program that has been published into a folder of this name.</summary>
    public bool HasProgram(string name) => Directory.Exists(Path.Combine(_programs, name));

    public RedisServer StartRedis() =>
        new(Start("redis-server --port @PORT@ --bind 127.0.0.1 --save --appendonly no --dir @FOLDER@", [], 0, 0));

    public Server Start(Peer peer, RedisServer? redis) => Start(peer.Command, peer.Files, Origin.Port, redis?.Port ?? 0);

    public void Dispose()
    {
        Origin.Dispose();
        _folder.Delete(recursive: true);
    }

    private Server Start(string command, string[] files, int originPort, int redisPort)
    {
        var folder = _folder.CreateSubdirectory($"{_folders++}").FullName;
        var (port, second) = Server.FreePorts();
        string Fill(string text) => text
            .Replace("@PORT@", $"{port}", StringComparison.Ordinal)
            .Replace("@SECOND_PORT@", $"{second}", StringComparison.Ordinal)
            .Replace("@ORIGIN_PORT@", $"{originPort}", StringComparison.Ordinal)
            .Replace("@REDIS_PORT@", $"{redisPort}", StringComparison.Ordinal)
            .Replace("@FOLDER@", folder, StringComparison.Ordinal)
            .Replace("@USER@", Environment.UserName, StringComparison.Ordinal)
            .Replace("@PROGRAMS@", _programs, StringComparison.Ordinal);
        foreach (var file in files)
        {
            File.WriteAllText(Path.Combine(folder, file), Fill(File.ReadAllText(Path.Combine(_files, file))));
        }

        return Server.Start(Fill(command), folder, port);
    }
}
