using CacheProxy.Http;

namespace CacheProxy.Configuration.Policies;

/// <summary>An entry of a policy's <c>DependsOn</c>: where a stored response says what it depends on.</summary>
/// <param name="Name">The name of a policy, whose resources the response contains; or a name for <c>Tags</c>.</param>
/// <param name="Pointer">Where in the response's JSON the values stand.</param>
internal sealed record NamedPointer(string Name, JsonPointer Pointer);
