using System.Collections.Immutable;
using CacheProxy.Http;

namespace CacheProxy.Configuration.Policies;

/// <summary>An entry of a policy's <c>Evicts</c>: whose resources a write also evicts.</summary>
/// <param name="Policy">The name of the policy whose resources they are.</param>
/// <param name="Values">Where the values of its key stand; those that are absent here are the route's own.</param>
internal sealed record EvictionRule(string Policy, ImmutableArray<PointedValue> Values);

/// <summary>A value of a key, and where it stands.</summary>
/// <param name="Name">The value's name in the key.</param>
/// <param name="Body">Whose JSON it stands in.</param>
/// <param name="Pointer">Where in it.</param>
internal sealed record PointedValue(string Name, PointedBody Body, JsonPointer Pointer);

/// <summary>Whose body a pointer points into.</summary>
internal enum PointedBody
{
    /// <summary>That of the write.</summary>
    Request,

    /// <summary>That of the API's answer.</summary>
    Response,
}

/// <summary>A rule whose values stand in a body, compiled.</summary>
/// <param name="Policy">The policy whose resources a write evicts.</param>
/// <param name="Values">Where the values of its key stand, all of them in one body; not empty.</param>
/// <param name="MaxBodyBytes">The largest body that is read for them.</param>
internal sealed record PointedEviction(CachePolicy Policy, ImmutableArray<PointedValue> Values, int MaxBodyBytes)
{
    public PointedBody Body => Values[0].Body;
}
