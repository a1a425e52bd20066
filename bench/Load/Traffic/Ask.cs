using System.Buffers.Text;

namespace CacheProxy.Bench.Load.Traffic;

/// <summary>
/// One request: what it does, to whom, at which instance. <paramref name="Acknowledged"/> is the version that a write had been answered with
/// before this request was sent: an older one in the answer is stale.
/// </summary>
internal readonly record struct Ask(Customer Customer, AskKind Kind, int Instance = 0, int Acknowledged = 0, int Caller = 0)
{
    private static ReadOnlySpan<byte> Tail => ".bench.example\r\nAccept: application/json\r\nUser-Agent: bench\r\n"u8;

    public int Write(Span<byte> into)
    {
        var length = Put(into, Kind switch
        {
            AskKind.Read => "GET /api/customers/"u8,
            AskKind.Write => "PUT /api/customers/"u8,
            AskKind.PassThrough => "GET /plain/"u8,
        });
        length += Customer.WriteId(into[length..]);
        length += Put(into[length..], " HTTP/1.1\r\nHost: t"u8);
        length += Number(into[length..], Customer.Tenant);
        length += Put(into[length..], Tail);
        if (Caller != 0)
        {
            length += Put(into[length..], "Authorization: Bearer "u8);
            length += Number(into[length..], Caller);
            length += Put(into[length..], "\r\n"u8);
        }

        return length + Put(into[length..], Kind == AskKind.Write
            ? "Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"name\":\"new\"}"u8
            : "\r\n"u8);
    }

    private static int Put(Span<byte> into, ReadOnlySpan<byte> text)
    {
        text.CopyTo(into);
        return text.Length;
    }

    private static int Number(Span<byte> into, int number)
    {
        Utf8Formatter.TryFormat(number, into, out var written);
        return written;
    }
}

internal enum AskKind
{
    Read,
    Write,
    PassThrough,
}
