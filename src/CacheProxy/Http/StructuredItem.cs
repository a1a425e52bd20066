namespace CacheProxy.Http;

/// <summary>One value of a structured field as it stands in the text, quotes and all.</summary>
internal readonly ref struct StructuredItem(StructuredItemKind kind, ReadOnlySpan<char> raw)
{
    public StructuredItemKind Kind { get; } = kind;

    public ReadOnlySpan<char> Raw { get; } = raw;
}
