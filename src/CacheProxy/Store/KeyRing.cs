using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace CacheProxy.Store;

/// <summary>The keys that entries are encrypted under (<c>CacheProxy:Encryption:KeyFiles</c>): the first encrypts, all decrypt. Immutable.</summary>
internal sealed class KeyRing(IReadOnlyList<EntryKey> keys)
{
    public static readonly KeyRing Empty = new([]);

    /// <summary>The key that encrypts; <c>null</c> when there is none.</summary>
    public EntryKey? First { get; } = keys.Count > 0 ? keys[0] : null;

    /// <summary>The ids of all keys, the first one's first; not secret.</summary>
    public string Ids => string.Join(", ", keys.Select(static key => key.Id.ToString("x16")));

    public EntryKey? Find(ulong id)
    {
        foreach (var key in keys)
        {
            if (key.Id == id)
            {
                return key;
            }
        }

        return null;
    }
}

/// <summary>One key of the ring: 256 bits for AES-GCM. Its text shows nothing of it.</summary>
internal sealed class EntryKey
{
    public const int IdLength = sizeof(ulong);
    public const int NonceLength = 12;
    public const int TagLength = 16;

    private const int Length = 32;
    private const int LongestText = 256;

    // As many as may be at work at one moment; made when they are first needed. One is no one's while another thread uses it.
    private readonly AesGcm?[] _idle = new AesGcm?[16];
    private readonly byte[] _key;

    private EntryKey(byte[] key)
    {
        _key = key;
        Id = BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(key));
    }

    /// <summary>Its first eight bytes of SHA-256: <c>base64 -d FILE | sha256sum</c> shows them.</summary>
    public ulong Id { get; }

    /// <summary>Reads a key file: 32 bytes in base64, and blanks or a line end around them.</summary>
    public static bool TryParse(ReadOnlySpan<byte> file, [NotNullWhen(true)] out EntryKey? key)
    {
        key = null;
        var decoded = new byte[LongestText];
        if (file.Length > LongestText
            || !Convert.TryFromBase64String(Encoding.ASCII.GetString(file).Trim(), decoded, out var length)
            || length != Length)
        {
            return false;
        }

        key = new EntryKey(decoded[..Length]);
        CryptographicOperations.ZeroMemory(decoded);
        return true;
    }

    public void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plain, Span<byte> cipher, Span<byte> tag, ReadOnlySpan<byte> bound)
    {
        var aes = Take(out var place);
        aes.Encrypt(nonce, plain, cipher, tag, bound);
        GiveBack(aes, place);
    }

    /// <summary>False where anything is not as it was encrypted. <paramref name="plain"/> may be the place of <paramref name="cipher"/>.</summary>
    public bool TryDecrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> cipher, ReadOnlySpan<byte> tag, Span<byte> plain, ReadOnlySpan<byte> bound)
    {
        var aes = Take(out var place);
        try
        {
            aes.Decrypt(nonce, cipher, tag, plain, bound);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // It is no entry of this resource and variant, or not any more: a miss.
            return false;
        }
        finally
        {
            GiveBack(aes, place);
        }
    }

    private AesGcm Take(out int place)
    {
        place = Environment.CurrentManagedThreadId & (_idle.Length - 1);
        return Interlocked.Exchange(ref _idle[place], null) ?? new AesGcm(_key, TagLength);
    }

    private void GiveBack(AesGcm aes, int place) => Interlocked.Exchange(ref _idle[place], aes)?.Dispose();
}
