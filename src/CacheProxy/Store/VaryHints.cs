using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// The names that resources lately varied on, so that a look-up computes the right variant at once. A wrong hint costs a round trip.
/// </summary>
internal sealed class VaryHints
{
    private const int Size = 4096;

    private readonly string?[] _names = new string?[Size];

    public string Get(ResourceKey key) => Volatile.Read(ref _names[Slot(key)]) ?? "";

    public void Set(ResourceKey key, string names) => Volatile.Write(ref _names[Slot(key)], names);

    private static int Slot(ResourceKey key) => key.Value.GetHashCode(StringComparison.Ordinal) & (Size - 1);
}
