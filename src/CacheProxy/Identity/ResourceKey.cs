namespace CacheProxy.Identity;

/// <summary>The store's key of one resource, prefix included. Only a <see cref="KeyTemplate"/> makes one.</summary>
internal readonly record struct ResourceKey
{
    internal ResourceKey(string value) => Value = value;

    public string Value { get; }

    public override string ToString() => Value;
}
