namespace CacheProxy.Identity;

/// <summary>The store's key of one resource, prefix included. Only a <see cref="KeyTemplate"/> makes one.</summary>
internal readonly record struct ResourceKey
{
    internal ResourceKey(string value) => Value = value;

    public string Value { get; }

    public override string ToString() => Value;
}

/// <summary>
/// Which variant of a resource: <see cref="Plain"/>, or a digest over everything else that may change the answer.
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
