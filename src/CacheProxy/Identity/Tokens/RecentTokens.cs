using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace CacheProxy.Identity.Tokens;

/// <summary>
/// What is known of the tokens that were seen last: a bounded number, whoever sends how many others. Two generations: when the young one
/// is full, it becomes the old one, and what nobody has asked for since is forgotten.
/// </summary>
/// <param name="capacity">Most tokens that are remembered.</param>
internal sealed class RecentTokens<T>(int capacity)
{
    private Generations _generations = new([], []);

    public bool TryGet(in TokenFingerprint token, out T? known)
    {
        var generations = Volatile.Read(ref _generations);
        if (generations.Young.TryGetValue(token, out known))
        {
            return true;
        }

        if (!generations.Old.TryGetValue(token, out known))
        {
            return false;
        }

        Add(token, known);
        return true;
    }

    public void Add(in TokenFingerprint token, T known)
    {
        var generations = Volatile.Read(ref _generations);
        if (generations.Young.TryAdd(token, known))
        {
            if (Interlocked.Increment(ref generations.Added) == capacity / 2)
            {
                Volatile.Write(ref _generations, new Generations([], generations.Young));
            }
        }
        else
        {
            generations.Young[token] = known;
        }
    }

    private sealed class Generations(ConcurrentDictionary<TokenFingerprint, T> young, ConcurrentDictionary<TokenFingerprint, T> old)
    {
        public int Added;

        public ConcurrentDictionary<TokenFingerprint, T> Young { get; } = young;

        public ConcurrentDictionary<TokenFingerprint, T> Old { get; } = old;
    }
}

/// <summary>
/// Stands for a token in memory. SHA-256, because who could make another token with the same one would be taken for somebody else.
/// </summary>
internal readonly record struct TokenFingerprint(ulong A, ulong B, ulong C, ulong D)
{
    public static TokenFingerprint Of(ReadOnlySpan<char> token)
    {
        Span<ulong> hash = stackalloc ulong[SHA256.HashSizeInBytes / sizeof(ulong)];
        SHA256.HashData(MemoryMarshal.AsBytes(token), MemoryMarshal.AsBytes(hash));
        return new TokenFingerprint(hash[0], hash[1], hash[2], hash[3]);
    }

    public override int GetHashCode() => (int)A;
}
