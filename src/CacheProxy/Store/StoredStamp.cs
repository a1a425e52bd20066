using System.Runtime.Intrinsics;
using System.Text;

namespace CacheProxy.Store;

/// <summary>
/// What identifies a stored response in its store, as it stands there: a text of it is made only for a fill. A soft purge writes the letters of
/// the token in capitals, and so marks the entry without its being read. A replica of an earlier version takes it for one of another Redis.
/// </summary>
/// <param name="DeadlineMs">Until when it is kept, Unix time in milliseconds on the store's clock.</param>
/// <param name="Found">The 32 digits of the fill as they were found, as bytes: 40 bytes here, a string of both has 112.</param>
internal readonly record struct StoredStamp(long DeadlineMs, Vector256<byte> Found)
{
    // Digits have this bit already, capitals do not.
    private const byte LowerCase = 0x20;

    /// <summary>The digits as the fill wrote them.</summary>
    public Vector256<byte> Token => Found | Vector256.Create(LowerCase);

    /// <summary>Whether the entry may not be used without asking the API.</summary>
    public bool IsPurged => Token != Found;

    public bool TokenStartsWith(ReadOnlySpan<char> text)
    {
        Span<byte> token = stackalloc byte[StoredResponseFormat.TokenLength];
        Token.CopyTo(token);
        return text.Length <= token.Length && Ascii.Equals(token[..text.Length], text);
    }

    /// <summary>Always: where a response was read is no part of what it is.</summary>
    public bool Equals(StoredStamp other) => true;

    public override int GetHashCode() => 0;

    public override string ToString()
    {
        Span<byte> token = stackalloc byte[StoredResponseFormat.TokenLength];
        Found.CopyTo(token);
        return StoredResponseFormat.Stamp(DeadlineMs, Encoding.ASCII.GetString(token));
    }
}
