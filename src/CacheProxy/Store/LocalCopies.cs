using CacheProxy.Identity;
using Microsoft.Extensions.Caching.Memory;

namespace CacheProxy.Store;

/// <summary>
/// Copies of entries in this process, served without asking the store for as long as the policy's <c>MemoryTtl</c> says. A write through
/// this process forgets them; one through another replica is not noticed before they run out.
/// </summary>
internal sealed class LocalCopies(TimeProvider time) : IDisposable
{
    private const long MaxBytes = 64L * 1024 * 1024;
    private const int OverheadBytes = 1024;
    private const int Generations = 4096;

    private readonly MemoryCache _copies = new(new MemoryCacheOptions { SizeLimit = MaxBytes });
    private readonly int[] _generations = new int[Generations];

    /// <summary>Counts what was forgotten; a copy of an earlier generation is never served. Read it before asking the store.</summary>
    public int Generation(ResourceKey key) => Volatile.Read(ref _generations[Slot(key)]);

    public LookUpResult? Find(ResourceKey key, VariantKey variant) =>
        _copies.TryGetValue((key, variant), out LocalCopy? copy)
        && copy!.Generation == Generation(key)
        && time.GetTimestamp() < copy.UntilTimestamp
            ? copy.Result
            : null;

    /// <param name="key">The resource.</param>
    /// <param name="result">What the store has.</param>
    /// <param name="generation">The generation before the store was asked.</param>
    /// <param name="ttl">How long it may be served.</param>
    public void Add(ResourceKey key, in LookUpResult result, int generation, TimeSpan ttl)
    {
        var until = time.GetTimestamp() + (long)(ttl.TotalSeconds * time.TimestampFrequency);
        var options = new MemoryCacheEntryOptions
        {
            AbsoluteExpirationRelativeToNow = ttl,
            Size = result.Response!.Body.Length + OverheadBytes,
        };
        _copies.Set((key, result.Variant), new LocalCopy(result, generation, until), options);
    }

    /// <summary>Another response has taken this one's place in the store.</summary>
    public void Drop(ResourceKey key, VariantKey variant) => _copies.Remove((key, variant));

    public void Forget(ResourceKey key) => Interlocked.Increment(ref _generations[Slot(key)]);

    public void Dispose() => _copies.Dispose();

    private static int Slot(ResourceKey key) => key.Value.GetHashCode(StringComparison.Ordinal) & (Generations - 1);

    private sealed record LocalCopy(LookUpResult Result, int Generation, long UntilTimestamp);
}
