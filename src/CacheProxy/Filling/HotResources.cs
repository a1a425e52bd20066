using System.Collections.Concurrent;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>
/// Learns which resources are asked for most, where a policy warms them. Every answer that is stored counts once; of the hits, one of
/// sixteen counts, for all of them.
/// </summary>
internal sealed class HotResources
{
    private const int HitsPerSample = 16;

    private readonly ConcurrentDictionary<string, HotTable> _tables = new(StringComparer.OrdinalIgnoreCase);

    public HotTable TableOf(CachePolicyOptions policy)
    {
        var table = _tables.GetOrAdd(policy.Name, static _ => new HotTable());
        table.Top = policy.Warm.Top;
        return table;
    }

    /// <summary>A client is served what was found.</summary>
    public void Hit(in ReadRequest read, in LookUpResult found)
    {
        if (read.Policy.Options.Warm.Top > 0 && Random.Shared.Next(HitsPerSample) == 0)
        {
            Count(read.Context, read.Policy, read.Key, read.Variants, found.Vary, found.Variant, read.Tenant, HitsPerSample, isHit: true);
        }
    }

    /// <summary>As the other, where more had to be known of the request.</summary>
    public void Hit(CacheRequest request, in LookUpResult found)
    {
        if (request.Policy.Options.Warm.Top > 0 && Random.Shared.Next(HitsPerSample) == 0)
        {
            Count(
                request.Context, request.Policy, request.Key, request.Variants, found.Vary, found.Variant, request.Tenant, HitsPerSample, isHit: true);
        }
    }

    /// <summary>What a client has asked for is stored.</summary>
    public void Filled(CacheRequest request, FillResult result)
    {
        if (request.Policy.Options.Warm.Top > 0 && !request.IsBackground)
        {
            Count(request.Context, request.Policy, request.Key, request.Variants, result.Vary, result.Variant, request.Tenant, weight: 1, isHit: false);
        }
    }

    private void Count(
        HttpContext context, CachePolicy policy, ResourceKey key, in VariantSource variants, string vary, VariantKey variant, string? tenant, int weight, bool isHit)
    {
        if (variants.Query.Length > 0)
        {
            return;
        }

        // Whoever asked: warming has a credential of its own, or none.
        variant = variants.Credentials is null ? variant : VariantDigest.Compute(variants with { Credentials = null }, vary);
        var table = TableOf(policy.Options);
        var known = new FlightKey(key, variant);
        if (!table.TryCount(known, weight, isHit) && HotRequest.TryWrite(context, variants, vary, variant, tenant) is { } text)
        {
            table.Add(known, text, weight);
        }
    }
}
