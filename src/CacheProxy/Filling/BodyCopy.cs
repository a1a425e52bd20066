using System.Buffers;

namespace CacheProxy.Filling;

/// <summary>The copy that is taken of a body while it streams. Slices that were handed out stay valid: nothing is ever recycled.</summary>
internal sealed class BodyCopy(long? declaredLength, int maxBytes)
{
    private readonly ArrayBufferWriter<byte>? _growing = declaredLength is null ? new ArrayBufferWriter<byte>() : null;
    private readonly byte[] _exact = declaredLength is { } length ? new byte[length] : [];
    private int _length;

    /// <summary>All that was copied.</summary>
    public ReadOnlyMemory<byte> Bytes => _growing?.WrittenMemory ?? _exact.AsMemory(0, _length);

    /// <summary>Copies <paramref name="bytes"/>; false when they do not fit, and the copy is of no use any more.</summary>
    public bool TryAppend(ReadOnlySpan<byte> bytes, out ReadOnlyMemory<byte> slice)
    {
        slice = default;
        var limit = _growing is null ? _exact.Length : maxBytes;
        if (_length + (long)bytes.Length > limit)
        {
            return false;
        }

        if (_growing is not null)
        {
            _growing.Write(bytes);
        }
        else
        {
            bytes.CopyTo(_exact.AsSpan(_length));
        }

        _length += bytes.Length;
        slice = Bytes[^bytes.Length..];
        return true;
    }
}
