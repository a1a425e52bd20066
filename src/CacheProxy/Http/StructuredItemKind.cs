namespace CacheProxy.Http;

/// <summary>The kinds of values a structured field holds (RFC 8941 §3).</summary>
internal enum StructuredItemKind
{
    Boolean,
    Integer,
    Decimal,
    String,
    Token,
    ByteSequence,
    InnerList,
}
