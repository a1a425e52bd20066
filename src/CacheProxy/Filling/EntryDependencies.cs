using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Filling;

/// <summary>
/// Stores a response together with what it depends on: finds the resources that it contains, registers it at the index of each, and stores
/// it only if none of them can have been written since the API was asked (docs/decisions/0022-dependencies.md).
/// </summary>
internal sealed partial class EntryDependencies(ResourceCache cache, TimeProvider time, ILogger<EntryDependencies> logger)
{
    // Decoded. A list of a thousand resources has a few hundred kilobytes.
    private const int MostBodyBytes = 4 * 1024 * 1024;
    private const int MostFound = 10_000;

    /// <summary>To be called before the API is asked. <c>null</c> for a policy whose responses depend on nothing.</summary>
    public DependencyWatch? Begin(CachePolicy policy) =>
        policy.Dependencies is null ? null : new DependencyWatch(cache.IndexVersions, time.GetTimestamp());

    /// <summary>
    /// Stores what a fill brought as <see cref="ResourceCache.CompleteFillAsync"/> does. What may not be stored gives its lease back, and
    /// <see cref="DependencyWatch.Shortfall"/> says why.
    /// </summary>
    public async ValueTask<CompleteFillOutcome> CompleteFillAsync(CacheRequest request, FillLease lease, FillResult result, DependencyWatch watch)
    {
        watch.Shortfall = Find(request, result.Response, out var found) ?? await RegisterAsync(request, found, result.Retention, watch);
        if (watch.Shortfall is { } shortfall)
        {
            NotStored(logger, request.Policy.Name, shortfall);
            await cache.AbandonFillAsync(request.Key, lease, request.Budget);
            return CompleteFillOutcome.Revoked;
        }

        var tags = Array.FindAll(result.Response.Dependencies, static known => known.Kind == DependencyKind.Tag);
        watch.Response = result.Response with { Dependencies = [.. Stored(request.Policy.Dependencies!, found, watch.Versions), .. tags] };
        return await cache.CompleteFillAsync(request.Key, lease, result with { Response = watch.Response }, request.Budget);
    }

    /// <summary>What the response contains, each once.</summary>
    /// <returns>Why it may not be stored; <c>null</c> when it may.</returns>
    private static string? Find(CacheRequest request, StoredResponse response, out List<Contained> found)
    {
        found = [];
        if (response.Body.IsEmpty || request.Policy.Dependencies!.Contained.IsEmpty)
        {
            return null;
        }

        var headers = new ResponseHeaders(response.Headers);
        if (!JsonBody.TryParse(response.Body, headers["Content-Type"], headers["Content-Encoding"], MostBodyBytes, out var document))
        {
            return CacheStatusDetails.BodyUnreadable;
        }

        using (document)
        {
            var source = SourceOf(request);
            foreach (var contained in request.Policy.Dependencies.Contained)
            {
                if (Find(request, source, document.RootElement, contained, found) is { } shortfall)
                {
                    return shortfall;
                }
            }
        }

        return null;
    }

    private static string? Find(CacheRequest request, in KeySource source, JsonElement root, ContainedResource contained, List<Contained> found)
    {
        var values = new List<JsonElement>();
        if (!contained.Pointer.TryFind(root, MostFound, values))
        {
            return CacheStatusDetails.DependenciesTooMany;
        }

        foreach (var value in values)
        {
            if (value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (!TryKey(contained, source, value, out var key))
            {
                return CacheStatusDetails.DependencyId;
            }

            // What is evicted together with itself needs no index.
            if (key == request.Key || found.Exists(other => other.Key == key))
            {
                continue;
            }

            if (found.Count == request.Policy.Options.MaxDependencies)
            {
                return CacheStatusDetails.DependenciesTooMany;
            }

            found.Add(new Contained(key, contained.MostDependents));
        }

        return null;
    }

    // A number in another form than that of a path, such as 7.0 or 1e3, would name another key than its writes do.
    private static bool TryKey(ContainedResource contained, in KeySource source, JsonElement value, out ResourceKey key)
    {
        key = default;
        return contained.Slot is null
            ? contained.TryKey(source, "", out key)
            : value.ValueKind is JsonValueKind.String or JsonValueKind.Number
                && JsonPointer.TryText(value, out var text)
                && (value.ValueKind == JsonValueKind.String || !text.AsSpan().ContainsAnyExceptInRange('0', '9'))
                && contained.TryKey(source, text, out key);
    }

    private static KeySource SourceOf(CacheRequest request)
    {
        var http = request.Context.Request;
        return new KeySource(
            TenantName.TryParse(request.Tenant, out var tenant) ? tenant : default, http.Host.Value ?? "", http.Path.Value ?? "", http.RouteValues);
    }

    private async ValueTask<string?> RegisterAsync(CacheRequest request, List<Contained> found, TimeSpan retention, DependencyWatch watch)
    {
        if (found.Count == 0)
        {
            return null;
        }

        if (watch.Versions is not { } versions)
        {
            return CacheStatusDetails.DependencyUnavailable;
        }

        foreach (var contained in found)
        {
            if (versions.MayDrop(contained.Key.Value))
            {
                return CacheStatusDetails.DependencyDroppable;
            }
        }

        var life = FillLease.DefaultDuration + retention + DependentIndex.Margin;
        var registrations = await cache.RegisterAsync(found, request.Key, life, request.Budget);
        // At the last reply: what a write has ended since the API was asked is younger than that.
        var elapsed = time.GetElapsedTime(watch.BeganTimestamp);
        var now = cache.IndexVersions;
        for (var i = 0; i < registrations.Length; i++)
        {
            var key = found[i].Key.Value;
            if (Shortfall(registrations[i], elapsed) is { } shortfall)
            {
                return shortfall;
            }

            // The node may have forgotten a write that was under way when the API was asked.
            if (versions.Of(key) is not { } version || now?.Of(key) != version)
            {
                return CacheStatusDetails.DependencyUnavailable;
            }
        }

        return null;
    }

    private static string? Shortfall(in Registration registration, TimeSpan elapsed) => registration.Outcome switch
    {
        RegistrationOutcome.Registered => registration.IsSince(elapsed) ? null : CacheStatusDetails.DependencyWritten,
        RegistrationOutcome.Written => CacheStatusDetails.DependencyWritten,
        RegistrationOutcome.Full => CacheStatusDetails.DependentsFull,
        RegistrationOutcome.Unavailable => CacheStatusDetails.DependencyUnavailable,
    };

    private static Dependency[] Stored(PolicyDependencies rules, List<Contained> found, IIndexVersions? versions)
    {
        var stored = new Dependency[found.Count + 1];
        stored[0] = rules.AsDependency;
        for (var i = 0; i < found.Count; i++)
        {
            var key = found[i].Key.Value;
            stored[i + 1] = new Dependency(DependencyKind.Resource, key, versions?.Of(key) ?? "");
        }

        return stored;
    }

    // Cache-Status has mostly gone out by then: this is how to learn of one response why it is not stored.
    [LoggerMessage(2103, LogLevel.Debug, "A response of policy {Policy} is not stored: {Reason}")]
    private static partial void NotStored(ILogger logger, string policy, string reason);
}

/// <summary>What was known before the API was asked, and what became of it.</summary>
internal sealed class DependencyWatch(IIndexVersions? versions, long beganTimestamp)
{
    public IIndexVersions? Versions => versions;

    public long BeganTimestamp => beganTimestamp;

    /// <summary>Why the response is not stored; <c>null</c> when it is for the store to say.</summary>
    public string? Shortfall { get; set; }

    /// <summary>The response as it was stored.</summary>
    public StoredResponse? Response { get; set; }
}
