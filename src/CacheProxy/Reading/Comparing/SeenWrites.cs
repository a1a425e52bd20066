using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Store;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Reading.Comparing;

/// <summary>
/// The latest writes through this replica that the API has carried out: on which route, for which tenant, and digests of the ids in their
/// paths. Tells what may have changed a resource whose stored response is not the API's any more. Bounded: a write that is not known any
/// more explains nothing.
/// </summary>
internal sealed class SeenWrites(ResourceCache cache)
{
    private const int Kept = 512;
    private const int MostPolicies = 256;

    private readonly Lock _lock = new();
    private readonly Queue<Write> _latest = new();
    private readonly Dictionary<string, long> _ofPolicies = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Notes a write once the API has answered it, and goes by its answer.</summary>
    public async Task SeeAsync(HttpContext context, RouteCaching route, Task answered)
    {
        await answered;
        if (context.Response.StatusCode < StatusCodes.Status400BadRequest)
        {
            var name = context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config.RouteId ?? "";
            Add(new Write(name, MethodOf(context.Request), TenantOf(context.Request, route), cache.NowMs, Digests(context.Request.RouteValues)), route);
        }
    }

    /// <summary>How many writes to a policy's resources there were, as far as their routes say.</summary>
    public long CountOf(string policy)
    {
        lock (_lock)
        {
            return _ofPolicies.GetValueOrDefault(policy);
        }
    }

    /// <summary>
    /// The writes that may have changed a resource since: of its tenant, each kind once. One whose tenant is in doubt may be anybody's.
    /// </summary>
    /// <param name="tenant">Whose resource it is; <c>null</c> where the key does not say.</param>
    /// <param name="id">The resource's id; <c>null</c> where it has none.</param>
    /// <param name="sinceMs">Since when, on the store's clock.</param>
    public HashSet<SeenWrite> Since(string? tenant, string? id, long sinceMs)
    {
        var found = new HashSet<SeenWrite>();
        var digest = id is null ? 0 : Digest(id);
        lock (_lock)
        {
            foreach (var write in _latest)
            {
                if (write.AtMs >= sinceMs && (tenant is null || write.Tenant is null || write.Tenant == tenant))
                {
                    found.Add(new SeenWrite(write.Route, write.Method, id is not null && write.Ids.Contains(digest)));
                }
            }
        }

        return found;
    }

    private void Add(Write write, RouteCaching route)
    {
        lock (_lock)
        {
            if (_latest.Count == Kept)
            {
                _latest.Dequeue();
            }

            _latest.Enqueue(write);
            foreach (var policy in route.Evicts.Concat(route.Pointed.Select(static pointed => pointed.Policy)).Append(route.Policy).Distinct())
            {
                if (policy is not null && (_ofPolicies.ContainsKey(policy.Name) || _ofPolicies.Count < MostPolicies))
                {
                    _ofPolicies[policy.Name] = _ofPolicies.GetValueOrDefault(policy.Name) + 1;
                }
            }
        }
    }

    private static string? TenantOf(HttpRequest request, RouteCaching route) =>
        route.Rules.Uncounted.Tenants.Resolve(request, FoldedHeaders.Of(request.Headers)) is { Kind: Identity.TenantResolutionKind.Found } found ? found.Tenant.Value : null;

    // Whatever a client writes there, the words are few.
    private static string MethodOf(HttpRequest request) =>
        request.Method is "PUT" or "PATCH" or "DELETE" or "POST" ? request.Method : "other";

    private static int[] Digests(RouteValueDictionary values)
    {
        var digests = new List<int>(values.Count);
        foreach (var (_, value) in values)
        {
            if (value is string text)
            {
                digests.Add(Digest(text));
            }
        }

        return [.. digests];
    }

    // Its seed is this process's own.
    private static int Digest(string id) => string.GetHashCode(id, StringComparison.OrdinalIgnoreCase);

    private readonly record struct Write(string Route, string Method, string? Tenant, long AtMs, int[] Ids);
}

/// <summary>A kind of write.</summary>
/// <param name="Route">The route that it came on.</param>
/// <param name="Method">PUT, PATCH, DELETE, POST or other.</param>
/// <param name="NamesId">Whether its path named the resource's id.</param>
internal readonly record struct SeenWrite(string Route, string Method, bool NamesId);
