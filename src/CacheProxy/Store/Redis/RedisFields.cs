using CacheProxy.Identity;
using StackExchange.Redis;

namespace CacheProxy.Store.Redis;

/// <summary>The names of the fields of a resource's hash.</summary>
internal static class RedisFields
{
    private static readonly RedisValue Fence = "fence";
    private static readonly RedisValue Vary = "vary";
    private static readonly RedisValue[] PlainLookUp = [Fence, Vary, "meta", "body"];

    /// <summary>What a look-up asks for: fence, vary, meta, body.</summary>
    public static RedisValue[] LookUp(VariantKey variant) =>
        variant.IsPlain ? PlainLookUp : [Fence, Vary, "meta:" + variant.Digest, "body:" + variant.Digest];

    public static string Fill(FillLease lease) => FillPrefix(lease.Variant) + lease.Token;

    /// <summary>What the leases of one variant begin with; the rest, the token, has no dot.</summary>
    public static string FillPrefix(VariantKey variant) => variant.IsPlain ? "fill:" : "fill:" + variant.Digest + ".";

    public static string Write(string token) => "write:" + token;
}
