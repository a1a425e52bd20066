using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Identity;

/// <summary>
/// A digest over tagged parts. Each is framed by its tag, count and lengths, so that different inputs never make the same bytes.
/// </summary>
internal ref struct FramedDigest
{
    private readonly ReadOnlySpan<byte> _secret;
    private byte[]? _rented;
    private Span<byte> _buffer;
    private int _length;

    /// <param name="scratch">Room for small inputs.</param>
    /// <param name="secret">Key of an HMAC-SHA-256; empty for a plain SHA-256.</param>
    public FramedDigest(Span<byte> scratch, ReadOnlySpan<byte> secret)
    {
        _buffer = scratch;
        _secret = secret;
    }

    public readonly bool IsEmpty => _length == 0;

    /// <summary>What was added, framed.</summary>
    public readonly ReadOnlySpan<byte> Content => _buffer[.._length];

    public void Add(DigestPart part, scoped ReadOnlySpan<char> value)
    {
        AppendByte((byte)part);
        AppendText(value);
    }

    public void Add(DigestPart part, scoped ReadOnlySpan<byte> value)
    {
        AppendByte((byte)part);
        AppendInt(value.Length);
        Append(value);
    }

    public void Add(DigestPart part, scoped ReadOnlySpan<char> name, StringValues values)
    {
        AppendByte((byte)part);
        AppendText(name);
        AppendInt(values.Count);
        foreach (var value in values)
        {
            AppendText(value);
        }
    }

    /// <summary>The same for one value.</summary>
    public void AddOne(DigestPart part, scoped ReadOnlySpan<char> name, scoped ReadOnlySpan<char> value)
    {
        AppendByte((byte)part);
        AppendText(name);
        AppendInt(1);
        AppendText(value);
    }

    /// <summary>Writes the 32 bytes of the digest and gives back what was rented.</summary>
    public void Finish(scoped Span<byte> destination)
    {
        var content = _buffer[.._length];
        _ = _secret.IsEmpty ? SHA256.HashData(content, destination) : HMACSHA256.HashData(_secret, content, destination);
        Release();
    }

    private void AppendText(scoped ReadOnlySpan<char> text)
    {
        AppendInt(text.Length);
        Append(MemoryMarshal.AsBytes(text));
    }

    private void AppendByte(byte value) => Append([value]);

    private void AppendInt(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        Append(bytes);
    }

    private void Append(scoped ReadOnlySpan<byte> bytes)
    {
        if (_length + bytes.Length > _buffer.Length)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_buffer[_length..]);
        _length += bytes.Length;
    }

    private void Grow(int more)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + more));
        _buffer[.._length].CopyTo(larger);
        var length = _length;
        Release();
        _rented = larger;
        _buffer = larger;
        _length = length;
    }

    private void Release()
    {
        if (_rented is { } rented)
        {
            _rented = null;
            _buffer = default;
            // The input may be a credential, which must not stay in a shared buffer.
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }
}

/// <summary>Tags of the parts of a variant's digest. Their numbers are part of the format of what is stored.</summary>
internal enum DigestPart : byte
{
    Query = 1,
    Credentials = 2,
    CredentialHeader = 3,
    VaryHeader = 4,
    ForwardedHeader = 5,
    Path = 6,
    Client = 7,
    Scheme = 8,
    FoldedHeader = 9,
    Claims = 10,
    Claim = 11,
    ClaimSet = 12,
    ClaimText = 13,
    ClaimNumber = 14,
    ClaimTruth = 15,
    Method = 20,
    ContentHeader = 21,
    Content = 22,
}
