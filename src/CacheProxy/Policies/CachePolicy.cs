using System.Collections.Frozen;
using CacheProxy.Keys;

namespace CacheProxy.Policies;

/// <summary>A policy, compiled: what requests read. Immutable.</summary>
internal sealed class CachePolicy
{
    private const string EveryMethod = "*";

    private readonly FrozenSet<string> _evictOn;
    private readonly bool _evictOnEveryMethod;

    /// <param name="options">Checked options.</param>
    /// <param name="template">The parsed <see cref="CachePolicyOptions.Key"/>, with the key prefix.</param>
    public CachePolicy(CachePolicyOptions options, KeyTemplate template)
    {
        Options = options;
        Template = template;
        IdValueName = template.RouteValueNames.Contains("id") ? "id" : template.RouteValueNames.LastOrDefault();
        _evictOn = options.EvictOn.ToFrozenSet(StringComparer.Ordinal);
        _evictOnEveryMethod = _evictOn.Contains(EveryMethod);
    }

    public string Name => Options.Name;

    public CachePolicyOptions Options { get; }

    public KeyTemplate Template { get; }

    /// <summary>The route value that the log events call the resource's id; <c>null</c> when the key has no route value.</summary>
    public string? IdValueName { get; }

    public bool EvictsOn(string method) => _evictOnEveryMethod || _evictOn.Contains(method);
}
