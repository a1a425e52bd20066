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
/// Whatever does not parse to its last byte is no response.
/// </summary>
internal static class StoredResponseFormat
{
    public const int TokenLength = 32;
    public const int StampLength = DeadlineLength + TokenLength;

    private const int DeadlineLength = 13;
    private const int PrefixLength = 5;
    private const byte Version = 1;

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

    public static bool TryRead(ReadOnlySpan<byte> meta, ReadOnlyMemory<byte> body, [NotNullWhen(true)] out StoredResponse? response)
    {
        response = null;
        if (meta.Length < StampLength + PrefixLength || ReadDeadline(meta) is null)
        {
            return false;
        }

        var reader = new StoredResponseReader(meta[StampLength..]);
        if (reader.Byte() != Version || reader.Int32() != reader.Left || reader.Int64() != body.Length)
        {
            return false;
        }

        var read = new StoredResponse
        {
            Body = body,
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
