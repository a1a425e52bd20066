using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using System.Text;
using CacheProxy.Identity;

namespace CacheProxy.Store;

/// <summary>
/// Encrypts and decrypts sealed variants, for a store that others can read. What stands in Redis in place of a payload and of a body:
/// <code>
///   payload   1  the letter E   8  id of the key   12  nonce   n  ciphertext   16  tag
///   body     12  nonce   n  ciphertext   16  tag                 under the key of its payload
/// </code>
/// Bound to each, so that it decrypts nowhere else: which of the two it is, the key of the resource (with the tenant in it), the variant, and
/// the token of the fill. The deadline is not: only Redis knows it when the entry is stored. What it may do to an entry is to keep it for
/// longer, and how old an entry is stands in its payload. docs/decisions/0023-encryption.md has the reasons.
/// </summary>
internal sealed class EntrySeal(KeyRing ring)
{
    private const byte Mark = (byte)'E';
    private const int MarkAndIdLength = 1 + EntryKey.IdLength;
    private const int Overhead = EntryKey.NonceLength + EntryKey.TagLength;
    private const int ShortText = 512;

    private volatile KeyRing _ring = ring;

    /// <summary>Whether there is a key to encrypt with.</summary>
    public bool CanSeal => _ring.First is not null;

    /// <summary>Takes other keys from now on.</summary>
    public void Use(KeyRing ring) => _ring = ring;

    /// <param name="key">The resource.</param>
    /// <param name="variant">Its variant.</param>
    /// <param name="token">Of the fill.</param>
    /// <param name="response">What is stored.</param>
    public SealedEntry Seal(ResourceKey key, VariantKey variant, string token, StoredResponse response)
    {
        var first = _ring.First ?? throw new InvalidOperationException("There is no key to encrypt with.");
        var place = new BoundPlace(key, variant, token);
        var plain = StoredResponseFormat.Payload(response);
        var payload = new byte[MarkAndIdLength + plain.Length + Overhead];
        payload[0] = Mark;
        BinaryPrimitives.WriteUInt64BigEndian(payload.AsSpan(1), first.Id);
        Encrypt(first, plain, payload.AsSpan(MarkAndIdLength), place, SealedPart.Payload);
        var body = GC.AllocateUninitializedArray<byte>(response.Body.Length + Overhead);
        Encrypt(first, response.Body.Span, body, place, SealedPart.Body);
        return new SealedEntry(payload, body);
    }

    /// <summary>Decrypts and reads an entry. The body is decrypted in its own place: a hit needs no second array of its size.</summary>
    /// <param name="place">Where it was found.</param>
    /// <param name="stamp">What its <c>meta</c> begins with.</param>
    /// <param name="payload">What follows that, as it was found.</param>
    /// <param name="body">The body as it was found; <c>null</c> when it was not asked for.</param>
    /// <param name="response">What was stored.</param>
    public SealOutcome Open(
        in BoundPlace place, in StoredStamp stamp, ReadOnlySpan<byte> payload, byte[]? body, out StoredResponse? response)
    {
        response = null;
        if (payload.Length < MarkAndIdLength + Overhead || payload[0] != Mark || body is { Length: < Overhead })
        {
            return SealOutcome.Altered;
        }

        if (_ring.Find(BinaryPrimitives.ReadUInt64BigEndian(payload[1..])) is not { } key)
        {
            return SealOutcome.UnknownKey;
        }

        var length = payload.Length - MarkAndIdLength - Overhead;
        var rented = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            var plain = rented.AsSpan(0, length);
            return TryDecrypt(key, payload[MarkAndIdLength..], plain, place, SealedPart.Payload)
                && (body is null || TryDecrypt(key, body, Content(body), place, SealedPart.Body))
                && StoredResponseFormat.TryRead(stamp, plain, body is null ? default(ReadOnlyMemory<byte>?) : ContentOf(body), out response)
                ? SealOutcome.Opened
                : SealOutcome.Altered;
        }
        finally
        {
            // Others rent it next.
            ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }

    private static Span<byte> Content(byte[] sealedBody) => sealedBody.AsSpan(EntryKey.NonceLength, sealedBody.Length - Overhead);

    private static ReadOnlyMemory<byte> ContentOf(byte[] sealedBody) => sealedBody.AsMemory(EntryKey.NonceLength, sealedBody.Length - Overhead);

    private static void Encrypt(EntryKey key, ReadOnlySpan<byte> plain, Span<byte> target, in BoundPlace place, SealedPart part)
    {
        var nonce = target[..EntryKey.NonceLength];
        RandomNumberGenerator.Fill(nonce);
        Span<byte> scratch = stackalloc byte[ShortText];
        var bound = place.Write(part, scratch);
        key.Encrypt(nonce, plain, target[EntryKey.NonceLength..^EntryKey.TagLength], target[^EntryKey.TagLength..], bound);
    }

    private static bool TryDecrypt(EntryKey key, ReadOnlySpan<byte> found, Span<byte> plain, in BoundPlace place, SealedPart part)
    {
        Span<byte> scratch = stackalloc byte[ShortText];
        var bound = place.Write(part, scratch);
        return key.TryDecrypt(
            found[..EntryKey.NonceLength], found[EntryKey.NonceLength..^EntryKey.TagLength], found[^EntryKey.TagLength..], plain, bound);
    }
}

/// <summary>An entry as it is sent to the store.</summary>
internal readonly record struct SealedEntry(byte[] Payload, byte[] Body);

internal enum SealOutcome
{
    Opened,

    /// <summary>The key that it was encrypted under is not in the ring, or not any more.</summary>
    UnknownKey,

    /// <summary>It is not what was stored here: damaged, copied from elsewhere, made by somebody else, or not encrypted at all.</summary>
    Altered,
}

internal enum SealedPart : byte
{
    Payload = 1,
    Body = 2,
}

/// <summary>Where an entry belongs, and to which fill.</summary>
internal readonly ref struct BoundPlace
{
    private readonly string _key;
    private readonly string _variant;
    private readonly ReadOnlySpan<char> _token;
    private readonly StoredStamp _stamp;

    public BoundPlace(ResourceKey key, VariantKey variant, ReadOnlySpan<char> token)
    {
        (_key, _variant) = (key.Value, variant.Digest);
        _token = token;
    }

    public BoundPlace(ResourceKey key, VariantKey variant, in StoredStamp stamp)
    {
        (_key, _variant) = (key.Value, variant.Digest);
        _stamp = stamp;
    }

    /// <summary>All of it, framed, in <paramref name="scratch"/> where it fits.</summary>
    public ReadOnlySpan<byte> Write(SealedPart part, Span<byte> scratch)
    {
        const int Lengths = 1 + 4 + 4;
        var length = Lengths + Encoding.UTF8.GetByteCount(_key) + _variant.Length + StoredResponseFormat.TokenLength;
        var bytes = length <= scratch.Length ? scratch[..length] : new byte[length];
        bytes[0] = (byte)part;
        var written = 1 + WriteText(bytes[1..], _key);
        written += WriteText(bytes[written..], _variant);
        if (_token.IsEmpty)
        {
            _stamp.Token.CopyTo(bytes[written..]);
        }
        else
        {
            Encoding.ASCII.GetBytes(_token, bytes[written..]);
        }

        return bytes;
    }

    private static int WriteText(Span<byte> target, string text)
    {
        var length = Encoding.UTF8.GetBytes(text, target[sizeof(int)..]);
        BinaryPrimitives.WriteInt32LittleEndian(target, length);
        return sizeof(int) + length;
    }
}
