using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using CacheProxy.Http;

namespace CacheProxy.Store;

/// <summary>
/// The bytes of the field <c>meta</c>. Numbers are little-endian, texts are UTF-8 after their length (7 bits a byte, as in
/// <see cref="BinaryWriter.Write7BitEncodedInt"/>).
/// <code>
///  13  deadline, decimal, Unix ms on the store's clock  \ the stamp: written by the store,
///  32  token of the fill                                / which alone knows the time
///   1  version of what follows: 4 with dependencies, 3 without; 1 and 2 are still read
///   4  length of what follows
///   8  length of the body; a body of another length does not belong to this
///   4  checksum of the numbers before and after and of the rest \ version 2 had one of body and rest together,
///   4  checksum of the body                                     / version 1 none
///   2  status          1  flags
///   8  ResponseTimeMs  8  InitialAgeMs  8  LifetimeMs  8  StaleWhileRevalidateMs  8  StaleIfErrorMs
///   t  Target
///   n  number of field lines; for each: 1 well-known name, or 0 and t name; t value
///   n  from version 4 on: number of dependencies; for each: 1 kind; t key; t version
/// </code>
/// When what follows the stamp is longer than 512 bytes, <c>meta</c> ends with an H in its place, and the field <c>head</c> holds the token
/// and then what follows. Scripts read every <c>meta</c> and no <c>head</c>: their cost does not depend on what headers weigh.
/// Whatever does not parse to its last byte is no response. Of a sealed variant, <see cref="EntrySeal"/> says what stands in its place.
/// </summary>
internal static class StoredResponseFormat
{
    public const int TokenLength = 32;
    public const int StampLength = DeadlineLength + TokenLength;

    private const int DeadlineLength = 13;
    private const int PrefixLength = 5;
    private const int ChecksumOffset = PrefixLength + 8;
    private const int ChecksumsLength = 4 + 4;
    private const byte Version = 4;
    private const byte VersionWithoutDependencies = 3;
    private const byte VersionWithOneChecksum = 2;
    private const byte VersionWithoutChecksum = 1;
    private const byte InHead = (byte)'H';

    private static readonly SearchValues<byte> TokenBytes = SearchValues.Create("0123456789abcdefABCDEF"u8);

    /// <summary>What follows the stamp.</summary>
    public static byte[] Payload(StoredResponse response)
    {
        using var buffer = new MemoryStream(512);
        using var writer = new BinaryWriter(buffer, Encoding.UTF8);
        // A replica of an earlier version, which knows of no dependency, takes what has some for no response.
        writer.Write(response.Dependencies.Length == 0 ? VersionWithoutDependencies : Version);
        writer.Write(0);
        writer.Write((long)response.Body.Length);
        writer.Write(0u);
        writer.Write(0u);
        writer.Write((ushort)response.Status);
        writer.Write((byte)(response.Flags & ~StoredFlags.Purged));
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

        StoredDependencies.Write(response.Dependencies, writer);
        writer.Flush();
        var length = (int)buffer.Length - PrefixLength;
        buffer.Position = 1;
        writer.Write(length);
        writer.Flush();
        var payload = buffer.ToArray();
        var ofBody = Checksum(response.Body.Span);
        var checksum = Checksum(payload.AsSpan(ChecksumOffset + ChecksumsLength), BitOperations.Crc32C(ofBody, (ulong)response.Body.Length));
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(ChecksumOffset), checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(payload.AsSpan(ChecksumOffset + 4), ofBody);
        return payload;
    }

    public static string Stamp(long deadlineMs, string token)
    {
        Debug.Assert(token.Length == TokenLength, "A token is 32 hexadecimal digits.");
        return string.Create(CultureInfo.InvariantCulture, $"{deadlineMs:D13}{token}");
    }

    /// <summary>The stamp that stored bytes begin with; empty when they do not begin with one.</summary>
    public static string ReadStamp(ReadOnlySpan<byte> meta) => TryReadStamp(meta, out var stamp) ? stamp.ToString() : "";

    public static bool TryReadStamp(ReadOnlySpan<byte> meta, out StoredStamp stamp)
    {
        if (meta.Length >= StampLength
            && ReadDeadline(meta) is { } deadline
            && !meta[DeadlineLength..StampLength].ContainsAnyExcept(TokenBytes))
        {
            stamp = new StoredStamp(deadline, Vector256.Create(meta[DeadlineLength..StampLength]));
            return true;
        }

        stamp = default;
        return false;
    }

    /// <summary>The deadline that a fence is, and nothing besides.</summary>
    public static long? ReadFence(ReadOnlySpan<byte> fence) => fence.Length == DeadlineLength ? ReadDeadline(fence) : null;

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
        return TryReadStamp(meta, out var stamp) && TryRead(stamp, PayloadOf(meta, head), body, out response);
    }

    /// <summary>What follows the stamp, wherever it is.</summary>
    public static ReadOnlySpan<byte> PayloadOf(ReadOnlySpan<byte> meta, ReadOnlySpan<byte> head) =>
        IsInHead(meta, head) ? head[TokenLength..] : meta[StampLength..];

    public static bool TryRead(
        in StoredStamp stamp, ReadOnlySpan<byte> payload, ReadOnlyMemory<byte>? body, [NotNullWhen(true)] out StoredResponse? response)
    {
        response = null;
        var reader = new StoredResponseReader(payload);
        var version = reader.Byte();
        if (version is < VersionWithoutChecksum or > Version || reader.Int32() != reader.Left)
        {
            return false;
        }

        var length = reader.Int64();
        if ((body is { } given ? length != given.Length : length < 0)
            || (version != VersionWithoutChecksum && !IsAsWritten(ref reader, version, length, body)))
        {
            return false;
        }

        var read = new StoredResponse
        {
            Stamp = stamp,
            Body = body ?? default,
            AbsentBodyLength = body is null ? length : null,
            Status = reader.UInt16(),
            Flags = (StoredFlags)reader.Byte() | (stamp.IsPurged ? StoredFlags.Purged : StoredFlags.None),
            ResponseTimeMs = reader.Int64(),
            InitialAgeMs = reader.Int64(),
            LifetimeMs = reader.Int64(),
            StaleWhileRevalidateMs = reader.Int64(),
            StaleIfErrorMs = reader.Int64(),
            Target = reader.Text(),
            Headers = ReadHeaders(ref reader),
            Dependencies = version == Version ? StoredDependencies.Read(ref reader) : [],
        };
        if (!reader.Complete || read.Status is < 200 or > 999)
        {
            return false;
        }

        response = read;
        return true;
    }

    // Nobody may be sent what a slip of somebody's hand has made of an entry. Of version 2, headers alone cannot be told.
    private static bool IsAsWritten(ref StoredResponseReader reader, byte version, long length, ReadOnlyMemory<byte>? body)
    {
        var checksum = reader.UInt32();
        if (version == VersionWithOneChecksum)
        {
            return body is not { } whole || checksum == Checksum(reader.Rest, Checksum(whole.Span));
        }

        var ofBody = reader.UInt32();
        return checksum == Checksum(reader.Rest, BitOperations.Crc32C(ofBody, (ulong)length))
            && (body is not { } given || ofBody == Checksum(given.Span));
    }

    // CRC-32C in four lanes, because one waits three cycles for its own last step.
    private static uint Checksum(ReadOnlySpan<byte> bytes, uint first = uint.MaxValue)
    {
        var (second, third, fourth) = (1u, 2u, 3u);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        var i = 0;
        for (; i + 3 < words.Length; i += 4)
        {
            first = BitOperations.Crc32C(first, words[i]);
            second = BitOperations.Crc32C(second, words[i + 1]);
            third = BitOperations.Crc32C(third, words[i + 2]);
            fourth = BitOperations.Crc32C(fourth, words[i + 3]);
        }

        foreach (var one in bytes[(i * sizeof(ulong))..])
        {
            first = BitOperations.Crc32C(first, one);
        }

        return BitOperations.Crc32C(BitOperations.Crc32C(BitOperations.Crc32C(first, second), third), fourth);
    }

    // A head of another fill than its meta was left behind by a version that does not know the field.
    private static bool IsInHead(ReadOnlySpan<byte> meta, ReadOnlySpan<byte> head) =>
        meta.Length == StampLength + 1
        && meta[StampLength] == InHead
        && head.Length > TokenLength
        // A soft purge marks the token in the one and not in the other.
        && Ascii.EqualsIgnoreCase(head[..TokenLength], meta.Slice(DeadlineLength, TokenLength));

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
