using System.Buffers;

namespace CacheProxy.Keys;

/// <summary>UUIDs in their usual form (RFC 9562 §4): the same whatever the case of their letters.</summary>
internal static class UuidText
{
    public const int Length = 36;

    private static readonly SearchValues<char> UpperCaseDigits = SearchValues.Create("ABCDEF");

    public static bool HasUpperCase(ReadOnlySpan<char> text) =>
        text.Length == Length && text.ContainsAny(UpperCaseDigits) && Guid.TryParseExact(text, "D", out _);
}
