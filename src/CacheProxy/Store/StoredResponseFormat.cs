using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using CacheProxy.Http;

namespace CacheProxy.Store;

/// <summary>
/// The bytes of the field <c>meta</c>. Numbers are little-endian, texts are UTF-8 after their length (7 bits a byte, as in
/// <see cref="BinaryWriter.Write7BitEncodedInt"/>).
/// <code>
///  13  deadline, decimal, Unix ms on the store's clock  \ the stamp: written by the store,
///  32  token of the fill                                / which alone knows the time
///   1  version of what follows: 1
///   4  length of what follows
///   8  length of the body; a body of another length does not belong to this
///   2  status          1  flags
///   8  ResponseTimeMs  8  InitialAgeMs  8  LifetimeMs  8  StaleWhileRevalidateMs  8  StaleIfErrorMs
///   t  Target
///   n  number of field lines; for each: 1 well-known name, or 0 and t name; t value
/// </code>
/// When what follows the stamp is longer than 512 bytes, <c>meta</c> ends with a 2 in its place, and the field <c>head</c> holds the token
/// and then what follows. Scripts read every <c>meta</c> and no <c>head</c>: their cost does not depend on what headers weigh.
/// Whatever does not parse to its last byte is no response.
/// </summary>
internal static class StoredResponseFormat
{
    public const int TokenLength = 32;
    public const int StampLength = DeadlineLength + TokenLength;

    private const int DeadlineLength = 13;
    private const int PrefixLength = 5;
    private const byte Version = 1;
    private const byte InHead = 2;

    /// <summary>What follows the stamp.</summary>
    public static byte[] Payload(StoredResponse response)
    {
        using var buffer = new MemoryStream(512);
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        writer.Write(Version);
        writer.Write(0);
        writer.Write((long)response.Body.Length);
        writer.Write((ushort)response.Status);
        writer.Write((byte)response.Flags);
        writer.Write(response.ResponseTimeMs);
        writer.Write(response.InitialAgeMs);
        writer.Write(response.LifetimeMs);
        writer.Write(response.StaleWhileRevalidateMs);
        writer.Write(response.StaleIfErrorMs);
        writer.Write(response.Target);
        writer.Write7BitEncodedInt(response.Headers.Length);
        foreach (var (name, value) in response.Headers)
        {
            var number = WellKnownHeaders.NumberOf(name);
            writer.Write(number);
            if (number == 0)
            {
                writer.Write(name);
            }

            writer.Write(value);
        }

        writer.Flush();
        var length = (int)buffer.Length - PrefixLength;
        buffer.Position = 1;
        writer.Write(length);
        writer.Flush();
        return buffer.ToArray();
    }

    public static string Stamp(long deadlineMs, string token)
    {
        Debug.Assert(token.Length == TokenLength, "A token is 32 hexadecimal digits.");
        return string.Create(CultureInfo.InvariantCulture, $"{deadlineMs:D13}{token}");
    }

    /// <summary>The stamp that stored bytes begin with; empty when they do not begin with one.</summary>
    public static string ReadStamp(ReadOnlySpan<byte> meta) =>
        meta.Length >= StampLength && ReadDeadline(meta) is not null ? Encoding.ASCII.GetString(meta[..StampLength]) : "";

    /// <summary>Whether the token in the stamp that stored bytes begin with starts with <paramref name="text"/>.</summary>
    public static bool TokenStartsWith(ReadOnlySpan<byte> meta, ReadOnlySpan<char> text) =>
        meta.Length >= StampLength && Ascii.Equals(meta.Slice(DeadlineLength, text.Length), text);

    /// <summary>The deadline that stored bytes begin with.</summary>
    public static long? ReadDeadline(ReadOnlySpan<byte> meta)
    {
        if (meta.Length < DeadlineLength)
        {
            return null;
        }

        var deadline = 0L;
        foreach (var digit in meta[..DeadlineLength])
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return null;
            }

            deadline = (deadline * 10) + (digit - '0');
        }

        return deadline;
    }

    public static bool TryRead(ReadOnlySpan<byte> meta, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out StoredResponse? response) =>
        TryRead(meta, default, body, out response);

    /// <param name="meta">The field of that name.</param>
    /// <param name="head">The field of that name; empty when there is none.</param>
    /// <param name="body">The field of that name; <c>null</c> when it was not asked for.</param>
    /// <param name="response">What was stored.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> meta, ReadOnlySpan<byte> head, ReadOnlyMemory<byte>? body, [NotNullWhen(true)] out StoredResponse? response)
    {
        response = null;
        if (meta.Length <= StampLength || ReadDeadline(meta) is null)
        {
            return false;
        }

        var reader = new StoredResponseReader(IsInHead(meta, head) ? head[TokenLength..] : meta[StampLength..]);
        if (reader.Byte() != Version || reader.Int32() != reader.Left)
        {
            return false;
        }

        var length = reader.Int64();
        if (body is { } given ? length != given.Length : length < 0)
        {
            return false;
        }

        var read = new StoredResponse
        {
            Body = body ?? default,
            AbsentBodyLength = body is null ? length : null,
            Status = reader.UInt16(),
            Flags = (StoredFlags)reader.Byte(),
            ResponseTimeMs = reader.Int64(),
            InitialAgeMs = reader.Int64(),
            LifetimeMs = reader.Int64(),
            StaleWhileRevalidateMs = reader.Int64(),
            StaleIfErrorMs = reader.Int64(),
            Target = reader.Text(),
            Headers = ReadHeaders(ref reader),
        };
        if (!reader.Complete || read.Status is < 100 or > 999)
        {
            return false;
        }

        response = read;
        return true;
    }

    // A head of another fill than its meta was left behind by a version that does not know the field.
    private static bool IsInHead(ReadOnlySpan<byte> meta, ReadOnlySpan<byte> head) =>
        meta.Length == StampLength + 1
        && meta[StampLength] == InHead
        && head.Length > TokenLength
        && head[..TokenLength].SequenceEqual(meta.Slice(DeadlineLength, TokenLength));

    private static HeaderField[] ReadHeaders(ref StoredResponseReader reader)
    {
        var count = reader.Count();
        if (count > reader.Left / 2)
        {
            reader.Fail();
            return [];
        }

        var headers = new HeaderField[count];
        for (var i = 0; i < headers.Length; i++)
        {
            var number = reader.Byte();
            var name = number == 0 ? reader.Text() : WellKnownHeaders.NameOf(number);
            if (string.IsNullOrEmpty(name))
            {
                reader.Fail();
                return [];
            }

            headers[i] = new HeaderField(name, reader.Text());
        }

        return headers;
    }
}

/// <summary>
/// Reads a payload whose bytes anybody may have written. After the first thing that is not there every read gives an empty value, and
/// <see cref="Complete"/> is false.
/// </summary>
internal ref struct StoredResponseReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;
    private bool _failed;

    public readonly int Left => _rest.Length;

    /// <summary>Whether everything was there and nothing is left.</summary>
    public readonly bool Complete => !_failed && _rest.IsEmpty;

    public void Fail()
    {
        _failed = true;
        _rest = default;
    }

    public byte Byte() => Take(1, out var taken) ? taken[0] : (byte)0;

    public ushort UInt16() => Take(2, out var taken) ? BinaryPrimitives.ReadUInt16LittleEndian(taken) : (ushort)0;

    public int Int32() => Take(4, out var taken) ? BinaryPrimitives.ReadInt32LittleEndian(taken) : 0;

    public long Int64() => Take(8, out var taken) ? BinaryPrimitives.ReadInt64LittleEndian(taken) : 0;

    /// <summary>A number of 7 bits a byte, at most 5 bytes.</summary>
    public int Count()
    {
        var value = 0u;
        for (var shift = 0; shift < 35; shift += 7)
        {
            if (!Take(1, out var taken))
            {
                return 0;
            }

            value |= (uint)(taken[0] & 0x7F) << shift;
            if (taken[0] < 0x80)
            {
                if (value <= int.MaxValue)
                {
                    return (int)value;
                }

                break;
            }
        }

        Fail();
        return 0;
    }

    public string Text() => Take(Count(), out var taken) ? Encoding.UTF8.GetString(taken) : "";

    private bool Take(int length, out ReadOnlySpan<byte> taken)
    {
        if (_failed || length > _rest.Length)
        {
            Fail();
            taken = default;
            return false;
        }

        taken = _rest[..length];
        _rest = _rest[length..];
        return true;
    }
}

/// <summary>
/// Header names that a stored response holds as one byte. The position is the stored number: add at the end only, never reorder.
/// </summary>
internal static class WellKnownHeaders
{
    private static readonly string[] Names =
    [
        "Accept-Ranges", "Access-Control-Allow-Credentials", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods",
        "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age", "Age", "Allow", "CDN-Cache-Control",
        "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Location",
        "Content-Range", "Content-Security-Policy", "Content-Type", "Cross-Origin-Embedder-Policy", "Cross-Origin-Opener-Policy",
        "Cross-Origin-Resource-Policy", "Date", "ETag", "Expires", "Last-Modified", "Link", "Location", "Permissions-Policy", "Pragma",
        "Referrer-Policy", "Server", "Strict-Transport-Security", "Surrogate-Control", "Vary", "Via", "Warning",
        "X-Content-Type-Options", "X-Frame-Options", "X-Powered-By", "X-Request-Id", "X-XSS-Protection",
    ];

    private static readonly FrozenDictionary<string, byte> Numbers = Names
        .Select((name, index) => KeyValuePair.Create(name, (byte)(index + 1)))
        .ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The number of a name in exactly this spelling, from 1; 0 when it has none.</summary>
    public static byte NumberOf(string name) => Numbers.TryGetValue(name, out var number) ? number : (byte)0;

    public static string? NameOf(byte number) => number >= 1 && number <= Names.Length ? Names[number - 1] : null;
}
