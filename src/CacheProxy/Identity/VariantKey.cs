namespace CacheProxy.Identity;

/// <summary>
/// Which variant of a resource: <see cref="Plain"/>, or a digest over everything besides the resource that may change the answer.
/// </summary>
internal readonly record struct VariantKey
{
    internal VariantKey(string digest) => Digest = digest;

    /// <summary>The variant of a request without query, credentials and headers that the origin varies on.</summary>
    public static VariantKey Plain => new("");

    /// <summary>32 hexadecimal digits; empty for the plain variant.</summary>
    public string Digest { get; }

    public bool IsPlain => Digest.Length == 0;

    public override string ToString() => Digest;
}
