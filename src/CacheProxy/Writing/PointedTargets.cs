using System.Globalization;
using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Writing;

/// <summary>
/// What a write evicts by values that stand in its body or in the API's answer. A value that can be read in two ways evicts both
/// resources; what cannot be known is remembered, to be counted.
/// </summary>
/// <param name="targets">What it evicts whatever stands there; what is found is added.</param>
internal sealed class PointedTargets(EvictionTargets targets)
{
    // More than an honest write names. Each costs the store two steps.
    private const int MostTargets = 256;
    private const int LongestValue = 128;

    private readonly List<Place> _places = new(2);
    private readonly List<(CachePolicy Policy, UnresolvedReason Reason)> _unresolved = [];
    private readonly HashSet<CachePolicy> _found = [];

    /// <summary>Whether a policy that may be found in the answer would rather not write than write without its eviction.</summary>
    public bool IsStrict => _places.Exists(static place =>
        place.Eviction.Body == PointedBody.Response && place.Eviction.Policy.Options.WriteConsistency == WriteConsistency.Strict);

    /// <summary>All that is known by now.</summary>
    public EvictionTarget[] Known => targets.From(0);

    /// <summary>The resources that the pointers of a route lead to, with the path and the values by which the request was routed there.</summary>
    public void Add(RouteCaching caching, string path, RouteValueDictionary values)
    {
        foreach (var eviction in caching.Pointed)
        {
            _places.Add(new Place(eviction, path, values));
        }
    }

    /// <summary>The largest of these bodies that is read; 0 when nothing points into it.</summary>
    public int MaxBytes(PointedBody body)
    {
        var most = 0;
        foreach (var place in _places)
        {
            most = place.Eviction.Body == body ? Math.Max(most, place.Eviction.MaxBodyBytes) : most;
        }

        return most;
    }

    /// <summary>Adds what the body names.</summary>
    /// <returns>What was not known before.</returns>
    public EvictionTarget[] Find(PointedBody body, ReadOnlyMemory<byte> bytes, IHeaderDictionary headers, int maxBytes)
    {
        var before = targets.Count;
        if (!JsonBody.TryParse(bytes, headers.ContentType, headers.ContentEncoding, maxBytes, out var document))
        {
            Miss(body, UnresolvedReason.NotJson);
            return [];
        }

        using (document)
        {
            foreach (var place in _places)
            {
                if (place.Eviction.Body == body)
                {
                    Find(place, document.RootElement);
                }
            }
        }

        return targets.From(before);
    }

    /// <summary>Adds what a resource names that was written past the sidecar: it stands for the body of the write and for the answer.</summary>
    public void FindIn(JsonElement written) => _places.ForEach(place => Find(place, written));

    /// <summary>A body names nothing that is known.</summary>
    public void Miss(PointedBody body, UnresolvedReason reason)
    {
        foreach (var place in _places)
        {
            if (place.Eviction.Body == body)
            {
                Miss(place, reason);
            }
        }
    }

    /// <summary>The API never saw the write.</summary>
    public void Refused(WriteMetrics metrics) =>
        _places.ForEach(place => metrics.Refused(place.Eviction.Policy.Name));

    /// <summary>
    /// The policies of which resources may have been missed. A body that cannot be read, or names nothing, counts only where nothing else
    /// has named a resource of the policy: many a write names it in its answer only.
    /// </summary>
    public IEnumerable<(CachePolicy Policy, UnresolvedReason Reason)> Unresolved() => _unresolved.Where(missed =>
        missed.Reason is UnresolvedReason.Malformed or UnresolvedReason.TooMany || !_found.Contains(missed.Policy));

    private void Find(in Place place, JsonElement root)
    {
        try
        {
            Find(place, 0, root, place.Values);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in a name: it is no text.
            Miss(place, UnresolvedReason.Malformed);
        }
    }

    private void Find(in Place place, int index, JsonElement root, RouteValueDictionary values)
    {
        var (policy, pointed, _) = place.Eviction;
        if (index == pointed.Length)
        {
            if (targets.Count >= MostTargets)
            {
                Miss(place, UnresolvedReason.TooMany);
            }
            else if (targets.Add(policy, place.Path, values))
            {
                _found.Add(policy);
            }

            return;
        }

        var found = new List<JsonElement>();
        if (!pointed[index].Pointer.TryFind(root, MostTargets, found))
        {
            Miss(place, UnresolvedReason.TooMany);
        }

        found.RemoveAll(static value => value.ValueKind == JsonValueKind.Null);
        if (found.Count == 0)
        {
            Miss(place, UnresolvedReason.Absent);
        }

        foreach (var value in found)
        {
            foreach (var text in Texts(place, value))
            {
                Find(place, index + 1, root, new RouteValueDictionary(values) { [pointed[index].Name] = text });
            }
        }
    }

    /// <summary>The values that an API may take this one for, each as it would stand in a path.</summary>
    private List<string> Texts(in Place place, JsonElement value)
    {
        var texts = new List<string>(1);
        if (!JsonPointer.TryText(value, out var text))
        {
            Miss(place, UnresolvedReason.Malformed);
            return texts;
        }

        if (!IsWellFormed(text))
        {
            Miss(place, UnresolvedReason.Malformed);
            text = LenientText.SafePrefix(LenientText.Fold(text)) ?? "";
        }

        if (IsWellFormed(text))
        {
            texts.Add(text);
        }

        // 1.0 and 1e0 are 1 to most readers of JSON.
        if (value.ValueKind == JsonValueKind.Number
            && text.AsSpan().ContainsAny('.', 'e', 'E')
            && decimal.TryParse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && decimal.IsInteger(number))
        {
            texts.Add(decimal.Truncate(number).ToString(CultureInfo.InvariantCulture));
        }

        return texts;
    }

    private static bool IsWellFormed(string text) =>
        text.Length is > 0 and <= LongestValue && !text.AsSpan().ContainsAnyExcept(UriCharacters.Unreserved);

    private void Miss(in Place place, UnresolvedReason reason)
    {
        if (!_unresolved.Contains((place.Eviction.Policy, reason)))
        {
            _unresolved.Add((place.Eviction.Policy, reason));
        }
    }

    private readonly record struct Place(PointedEviction Eviction, string Path, RouteValueDictionary Values);
}

/// <summary>Why a write may have changed a resource that is not evicted.</summary>
internal enum UnresolvedReason
{
    /// <summary>There is no such value, or no body.</summary>
    Absent,

    /// <summary>The value cannot stand in a key, or not as it is.</summary>
    Malformed,

    /// <summary>The body is not JSON, or not such that every reader takes it for the same.</summary>
    NotJson,

    /// <summary>The body is larger than what is read of one.</summary>
    TooLarge,

    /// <summary>It names more resources than one write evicts.</summary>
    TooMany,

    /// <summary>What requests under way keep in memory leaves no room for the body.</summary>
    MemoryFull,

    /// <summary>The API gave no answer, or none that says what it did.</summary>
    Unanswered,
}
