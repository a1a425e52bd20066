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
    private const string SealedWord = "sealed";

    internal VariantKey(string digest) => Digest = digest;

    /// <summary>The variant of a request without query, credentials and headers that the origin varies on.</summary>
    public static VariantKey Plain => new("");

    /// <summary>The same under a policy with <c>Encrypt</c>.</summary>
    public static VariantKey PlainSealed => new(SealedWord);

    /// <summary>
    /// 32 hexadecimal digits; empty for the plain variant. Under a policy with <c>Encrypt</c> the word <c>sealed</c> stands before it: what is
    /// encrypted and what is not are never each other's variant, whoever stored it and whatever the configuration was then.
    /// </summary>
    public string Digest { get; }

    public bool IsPlain => Digest.Length == 0;

    /// <summary>Whether a store that others can read holds it encrypted.</summary>
    public bool IsSealed => Digest.StartsWith(SealedWord, StringComparison.Ordinal);

    public static VariantKey Of(string digits, bool isSealed) => new(isSealed ? $"{SealedWord}-{digits}" : digits);

    public override string ToString() => Digest;
}
