using System.Buffers.Text;
using System.Text;

namespace CacheProxy.Bench.Load.Traffic;

/// <summary>Which customer of which tenant; the kind says how large the API's body is and whether the API takes its time.</summary>
internal readonly record struct Customer(int Tenant, CustomerKind Kind, int Number)
{
    public const string Domain = "bench.example";

    /// <summary>The version in the body, if every byte of it is the API's: <paramref name="fully"/> false looks at the length and the head only.</summary>
    public int? VersionIn(ReadOnlySpan<byte> body, bool fully)
    {
        Span<byte> head = stackalloc byte[96];
        Encoding.ASCII.TryGetBytes($"{{\"tenant\":\"t{Tenant}\",\"id\":\"{Letter}{Number}\",\"version\":", head, out var length);
        if (body.Length != Size || !body.StartsWith(head[..length])
            || !Utf8Parser.TryParse(body[length..], out int version, out var digits)
            || !body[(length + digits)..].StartsWith(",\"text\":\""u8) || !body.EndsWith("\"}"u8))
        {
            return null;
        }

        var text = body[(length + digits + ",\"text\":\"".Length)..^2];
        return !fully || IsText(text) ? version : null;
    }

    private char Letter => Kind switch
    {
        CustomerKind.Small => 'a',
        CustomerKind.Medium => 'b',
        CustomerKind.Large => 'c',
        CustomerKind.Slow => 'd',
    };

    private int Size => Kind switch
    {
        CustomerKind.Small or CustomerKind.Slow => 1536,
        CustomerKind.Medium => 16384,
        CustomerKind.Large => 262144,
    };

    public int WriteId(Span<byte> into)
    {
        into[0] = (byte)Letter;
        Utf8Formatter.TryFormat(Number, into[1..], out var written);
        return written + 1;
    }

    // The API repeats one word, so the text equals itself, moved by the word's length.
    private bool IsText(ReadOnlySpan<byte> text)
    {
        Span<byte> word = stackalloc byte[64];
        Encoding.ASCII.TryGetBytes($"t{Tenant}/{Letter}{Number} ", word, out var length);
        return text.StartsWith(word[..length]) && text[length..].SequenceEqual(text[..^length]);
    }
}

/// <summary>1.5 KB, 16 KB and 256 KB at once; and 1.5 KB for which the API takes 5 to 10 ms, as a query does.</summary>
internal enum CustomerKind
{
    Small,
    Medium,
    Large,
    Slow,
}
