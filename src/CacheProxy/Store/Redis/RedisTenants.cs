using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Identity;
using CacheProxy.Store.Redis.Topologies;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>What concerns all keys of a tenant, wherever they are: counting and finding them.</summary>
internal sealed class RedisTenants(string keyPrefix)
{
    /// <summary>Asks the script to forget what it has counted.</summary>
    public const string Forget = "forget";

    private const int KeysPerScan = 500;
    private const int DigestBytes = 8;
    private const int Kibibyte = 1024;

    /// <summary>Where the entries of a tenant with a quota are counted. It has blanks, so no template makes the same key.</summary>
    public ResourceKey UseKey(string tenant) => new($"{keyPrefix}quota of {tenant}");

    /// <summary>An entry as the script counts it: one digest for each variant of a resource, the same in all replicas.</summary>
    public static RedisValue[] Counted(in CountedEntry entry)
    {
        Span<byte> length = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(length, entry.Variant.Digest.Length);
        var digest = SHA256.HashData([.. length, .. Encoding.UTF8.GetBytes(entry.Variant.Digest + entry.Key.Value)]);
        return
        [
            digest[..DigestBytes], (long)Math.Ceiling(entry.Retention.TotalSeconds), (entry.Bytes + Kibibyte - 1) / Kibibyte,
        ];
    }

    /// <summary>The script's reply: entries, a blank, bytes.</summary>
    public static TenantUse? ReadUse(string reply) =>
        reply.Split(' ') is [var entries, var bytes]
        && long.TryParse(entries, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        && long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out var size)
            ? new TenantUse(count, size)
            : null;

    /// <summary>
    /// Walks through the keys of every node, some hundred at a time. A key that moves from a node that was not asked yet to one that was is
    /// found in a second round; who moves it back and forth hides it.
    /// </summary>
    public static async IAsyncEnumerable<ResourceKey> KeysAsync(
        RedisPrimary primary, string pattern, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (!primary.IsWhole)
        {
            throw new NoSinglePrimaryException(0);
        }

        for (var round = 0; round < (primary.MayMoveKeys ? 2 : 1); round++)
        {
            foreach (var server in primary.Servers)
            {
                var keys = server.KeysAsync(primary.Database.Database, pattern, KeysPerScan, flags: CommandFlags.DemandMaster);
                await foreach (var key in keys.WithCancellation(cancellation))
                {
                    yield return new ResourceKey(key.ToString());
                }
            }
        }
    }
}
