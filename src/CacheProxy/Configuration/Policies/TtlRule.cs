using System.Collections.Immutable;
using CacheProxy.Http;

namespace CacheProxy.Configuration.Policies;

/// <summary>
/// A lifetime for the responses that say something (<c>CacheProxy:Policies:NAME:TtlRules</c>). It has either <see cref="Pointer"/> or
/// <see cref="Header"/>, and either <see cref="Values"/> or <see cref="OlderThan"/>.
/// </summary>
internal sealed record TtlRule
{
    /// <summary>What of the JSON body.</summary>
    public JsonPointer? Pointer { get; init; }

    /// <summary>Which header of the response.</summary>
    public string? Header { get; init; }

    /// <summary>One of these it must be (<c>Equals</c>, <c>OneOf</c>).</summary>
    public ImmutableArray<string> Values { get; init; } = [];

    /// <summary>The date that it is must be longer ago than this; more than 0, at most 36500 days.</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>Takes the place of the policy's <c>Ttl</c>; more than 0, at most 24 h.</summary>
    public required TimeSpan Ttl { get; init; }
}
