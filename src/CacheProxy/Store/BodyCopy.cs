using System.Numerics;

namespace CacheProxy.Store;

/// <summary>The copy that is taken of a body while it streams. Slices that were handed out stay valid: nothing is ever recycled.</summary>
internal sealed class BodyCopy : IDisposable
{
    private const int FirstBytes = 1024;

    private readonly HeldBodies _held;
    private readonly int _limit;
    private byte[] _bytes = [];
    private int _length;
    private long _taken;

    private BodyCopy(HeldBodies held, int limit)
    {
        _held = held;
        _limit = limit;
    }

    /// <summary>All that was copied.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <summary>Begins a copy; <c>null</c> when there is no room in memory for it.</summary>
    /// <param name="declaredLength">The body's length where it is known, at most <paramref name="maxBytes"/>.</param>
    /// <param name="maxBytes">Where it is not known, the most that is copied.</param>
    /// <param name="held">Bounds what is kept in memory.</param>
    public static BodyCopy? TryBegin(long? declaredLength, int maxBytes, HeldBodies held)
    {
        var copy = new BodyCopy(held, declaredLength is { } length ? (int)length : maxBytes);
        return declaredLength is null || copy.TryGrow(copy._limit, keepsOutgrown: false) ? copy : null;
    }

    /// <summary>Copies <paramref name="bytes"/>; false when they do not fit, and the copy is of no use any more.</summary>
    /// <param name="bytes">What comes next.</param>
    /// <param name="slice">The same in the copy.</param>
    /// <param name="keepsOutgrown">Whether earlier slices are still in use, and with them what the copy may now outgrow.</param>
    public bool TryAppend(ReadOnlySpan<byte> bytes, out ReadOnlyMemory<byte> slice, bool keepsOutgrown = true)
    {
        slice = default;
        var needed = _length + (long)bytes.Length;
        if (needed > _limit || (needed > _bytes.Length && !TryGrow(GrownSize((int)needed), keepsOutgrown)))
        {
            return false;
        }

        bytes.CopyTo(_bytes.AsSpan(_length));
        _length = (int)needed;
        slice = Bytes[^bytes.Length..];
        return true;
    }

    /// <summary>No client is sent any more of it; what was stored of it is the store's.</summary>
    public void Dispose()
    {
        _held.GiveBack(_taken);
        _taken = 0;
    }

    private int GrownSize(int needed) => (int)Math.Min((uint)_limit, BitOperations.RoundUpToPowerOf2((uint)Math.Max(FirstBytes, needed)));

    private bool TryGrow(int size, bool keepsOutgrown)
    {
        if (size > HeldBodies.UncountedBytes)
        {
            var more = keepsOutgrown ? size : size - _taken;
            if (!_held.TryTake(more))
            {
                return false;
            }

            _taken += more;
        }

        var grown = new byte[size];
        _bytes.AsSpan(0, _length).CopyTo(grown);
        _bytes = grown;
        return true;
    }
}
