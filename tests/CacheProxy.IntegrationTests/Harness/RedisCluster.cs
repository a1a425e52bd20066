using System.Globalization;

namespace CacheProxy.IntegrationTests.Harness;

/// <summary>A real Redis Cluster of three primaries on this machine; the first of them has a replica that takes its place when it dies.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const int Slots = 16384;
    private const int PrimaryCount = 3;

    private readonly List<RedisServer> _nodes = [];
    private readonly List<int> _busPorts = [];
    private readonly string[] _names = new string[PrimaryCount];

    private RedisCluster()
    {
    }

    public IReadOnlyList<RedisServer> Primaries => _nodes[..PrimaryCount];

    /// <summary>Of the first primary.</summary>
    public RedisServer Replica => _nodes[PrimaryCount];

    /// <summary>All nodes, as an operator would list them.</summary>
    public string ConnectionString => string.Join(',', _nodes.Select(static node => node.ConnectionString));

    public static async Task<RedisCluster> StartAsync()
    {
        var cluster = new RedisCluster();
        try
        {
            await cluster.FormAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public async Task<int> SlotAsync(string key) => (int)await _nodes[^1].NumberAsync("CLUSTER", "KEYSLOT", key);

    /// <summary>Which of the three primaries was given the key's slot at the start.</summary>
    public async Task<int> FirstOwnerAsync(string key)
    {
        var slot = await SlotAsync(key);
        return Enumerable.Range(0, PrimaryCount).Last(primary => FirstSlot(primary) <= slot);
    }

    /// <summary>
    /// Moves a slot with all that is in it, as redis-cli does. <paramref name="meanwhile"/> runs three times: when the slot is open on both
    /// nodes and its keys are still at the old one, when they have gone, and when the slot belongs to the new one.
    /// </summary>
    public async Task MoveSlotAsync(int slot, int from, int to, Func<Task> meanwhile)
    {
        var (source, target) = (_nodes[from], _nodes[to]);
        var number = Text(slot);
        await target.SendAsync("CLUSTER", "SETSLOT", number, "IMPORTING", _names[from]);
        await source.SendAsync("CLUSTER", "SETSLOT", number, "MIGRATING", _names[to]);
        await meanwhile();
        while ((object?[]?)await source.SendAsync("CLUSTER", "GETKEYSINSLOT", number, "100") is { Length: > 0 } keys)
        {
            foreach (var key in keys.Cast<string>())
            {
                await source.SendAsync("MIGRATE", "127.0.0.1", Text(target.Port), key, "0", "5000");
            }
        }

        await meanwhile();
        await target.SendAsync("CLUSTER", "SETSLOT", number, "NODE", _names[to]);
        await source.SendAsync("CLUSTER", "SETSLOT", number, "NODE", _names[to]);
        await meanwhile();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static int FirstSlot(int primary) => primary * Slots / PrimaryCount;

    private async Task FormAsync()
    {
        for (var i = 0; i <= PrimaryCount; i++)
        {
            // By default the bus has the port's number plus 10,000, and not every free port leaves room for that.
            _busPorts.Add(RedisServer.FreePort());
            _nodes.Add(await RedisServer.StartAsync(
                "--cluster-enabled", "yes", "--cluster-port", Text(_busPorts[i]), "--cluster-node-timeout", "1000",
                "--cluster-require-full-coverage", "no", "--repl-diskless-sync-delay", "0"));
        }

        for (var i = 0; i < PrimaryCount; i++)
        {
            await _nodes[i].SendAsync("CLUSTER", "ADDSLOTSRANGE", Text(FirstSlot(i)), Text(FirstSlot(i + 1) - 1));
            await _nodes[i].SendAsync("CLUSTER", "SET-CONFIG-EPOCH", Text(i + 1));
            _names[i] = (await _nodes[i].TextAsync("CLUSTER", "MYID"))!;
        }

        for (var i = 1; i < _nodes.Count; i++)
        {
            await _nodes[0].SendAsync("CLUSTER", "MEET", "127.0.0.1", Text(_nodes[i].Port), Text(_busPorts[i]));
        }

        await Eventually.TrueAsync(() => EveryNodeSaysAsync("cluster_known_nodes:4"));
        await Eventually.TrueAsync(() => EveryNodeSaysAsync("cluster_slots_ok:16384"));
        await Replica.SendAsync("CLUSTER", "REPLICATE", _names[0]);
        await Eventually.TrueAsync(async () =>
            (await Replica.TextAsync("INFO", "replication"))!.Contains("master_link_status:up", StringComparison.Ordinal));
        await Eventually.TrueAsync(() => EveryNodeSaysAsync("cluster_state:ok"));
    }

    private async Task<bool> EveryNodeSaysAsync(string line)
    {
        foreach (var node in _nodes)
        {
            if (!(await node.TextAsync("CLUSTER", "INFO"))!.Contains(line, StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }
}
