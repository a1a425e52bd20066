using System.Collections.Concurrent;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>What holders have acknowledged lately. An acknowledgement stays true for ever: numbers only grow, and a replica's name is drawn anew at each start.</summary>
internal sealed class Acknowledgements
{
    private readonly ConcurrentDictionary<(ResourceKey Key, string Replica), long> _numbers = new();

    public void Note(ResourceKey key, string replica, long number) =>
        _numbers.AddOrUpdate((key, replica), static (_, given) => given, static (_, seen, given) => Math.Max(seen, given), number);

    /// <summary>Whether the holder serves nothing any more of what it held.</summary>
    public bool Have(ResourceKey key, in Holder holder) =>
        _numbers.TryGetValue((key, holder.Replica), out var number) && number > holder.Number;
}
