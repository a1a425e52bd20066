using System.Text;
using CacheProxy.Configuration.Policies;
using Yarp.ReverseProxy.Model;

namespace CacheProxy.Reading.Comparing;

/// <summary>
/// What share of the reads on routes without a policy would have been hits: the same caller had asked the same within <see cref="Ttl"/>,
/// the API's answer may be stored, and no write to the same path came in between. An estimate from below, since places are few and shared.
/// Of a request it keeps a digest under a seed of this process's own, and of paths only what looks like an API's words.
/// </summary>
internal sealed class RepeatedReads(TimeProvider time)
{
    /// <summary>How long an answer would have been kept.</summary>
    public static readonly TimeSpan Ttl = TimeSpan.FromMinutes(5);

    private const int MostShapes = 64;
    private const int Places = 1024;
    private const int ShownSegments = 4;
    private const int LongestWord = 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Route, string Shape), Sketch> _sketches = [];
    private long[]? _writes;

    /// <summary>Notes a read, by the API's answer.</summary>
    public async Task SeeAsync(HttpContext context, RouteCaching route, Task answered)
    {
        await answered;
        var digest = DigestOf(context.Request, route);
        var path = PathDigestOf(context.Request);
        var shape = (context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>()?.Config.RouteId ?? "", ShapeOf(context.Request.Path.Value ?? ""));
        lock (_lock)
        {
            if (!_sketches.TryGetValue(shape, out var sketch) && _sketches.Count < MostShapes)
            {
                _sketches.Add(shape, sketch = new Sketch());
            }

            sketch?.Count(digest, time.GetTimestamp(), MayBeStored(context.Response), WrittenAt(path), time);
        }
    }

    /// <summary>Notes a write to a path, unless the API refuses it.</summary>
    public async Task SeeWriteAsync(HttpContext context, Task answered)
    {
        await answered;
        if (context.Response.StatusCode < StatusCodes.Status400BadRequest)
        {
            lock (_lock)
            {
                (_writes ??= new long[Places])[Place(PathDigestOf(context.Request))] = time.GetTimestamp();
            }
        }
    }

    /// <summary>Most frequent first.</summary>
    public RepeatedRead[] ToArray()
    {
        lock (_lock)
        {
            return
            [
                .. _sketches
                    .Select(static pair => new RepeatedRead(pair.Key.Route, pair.Key.Shape, pair.Value.Requests, pair.Value.Hits, pair.Value.NotStorable))
                    .OrderByDescending(static read => read.Requests),
            ];
        }
    }

    /// <summary>The path with a star for each part that may be somebody's id, and for whatever is far down.</summary>
    internal static string ShapeOf(string path)
    {
        var shape = new StringBuilder(path.Length);
        var count = 0;
        foreach (var range in path.AsSpan().Split('/'))
        {
            var segment = path.AsSpan()[range];
            if (segment.IsEmpty)
            {
                continue;
            }

            if (++count > ShownSegments)
            {
                return shape.Append("/…").ToString();
            }

            shape.Append('/').Append(IsWord(segment) ? segment : "*");
        }

        return shape.Length == 0 ? "/" : shape.ToString();
    }

    private static bool IsWord(ReadOnlySpan<char> segment)
    {
        foreach (var c in segment)
        {
            if (!char.IsAsciiLetterLower(c) && c is not ('-' or '_'))
            {
                // The version of an API.
                return segment.Length is 2 or 3 && segment[0] == 'v' && char.IsAsciiDigit(segment[^1]);
            }
        }

        return segment.Length <= LongestWord;
    }

    private long WrittenAt(int path) => _writes?[Place(path)] ?? 0;

    private static int Place(int digest) => digest & (Places - 1);

    private static int PathDigestOf(HttpRequest request) =>
        HashCode.Combine(request.Host.Value, request.Path.Value?.ToUpperInvariant());

    private static int DigestOf(HttpRequest request, RouteCaching route)
    {
        var digest = default(HashCode);
        digest.Add(request.Host.Value);
        digest.Add(request.Path.Value);
        digest.Add(request.QueryString.Value);
        foreach (var (name, value) in request.Headers)
        {
            if (route.Rules.Credentials.Names(name) || name is "Accept" or "Accept-Language" || route.Rules.Tenants.Headers.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                digest.Add(name, StringComparer.OrdinalIgnoreCase);
                digest.Add(value.ToString());
            }
        }

        return digest.ToHashCode();
    }

    private static bool MayBeStored(HttpResponse response)
    {
        if (response.StatusCode != StatusCodes.Status200OK || response.Headers.SetCookie.Count > 0)
        {
            return false;
        }

        var directives = response.Headers.CacheControl.ToString();
        return !directives.Contains("no-store", StringComparison.OrdinalIgnoreCase) && !directives.Contains("private", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>The latest reads of one shape, each at the place that its digest has.</summary>
    private sealed class Sketch
    {
        private readonly int[] _digests = new int[Places];
        private readonly long[] _times = new long[Places];

        public long Requests { get; private set; }

        public long Hits { get; private set; }

        public long NotStorable { get; private set; }

        public void Count(int digest, long now, bool mayBeStored, long writtenAt, TimeProvider time)
        {
            Requests++;
            ref var known = ref _times[Place(digest)];
            var isHit = known != 0 && known > writtenAt && _digests[Place(digest)] == digest && time.GetElapsedTime(known, now) < Ttl;
            Hits += isHit ? 1 : 0;
            NotStorable += !isHit && !mayBeStored ? 1 : 0;
            if (!isHit && mayBeStored)
            {
                // 0 stands for a place that is free.
                (_digests[Place(digest)], known) = (digest, Math.Max(now, 1));
            }
        }
    }
}

/// <summary>Reads of one shape on a route without a policy.</summary>
/// <param name="Route">The route.</param>
/// <param name="Path">The shape of their paths.</param>
/// <param name="Requests">How many.</param>
/// <param name="Hits">How many of them would have been hits.</param>
/// <param name="NotStorable">How many the API answered with what may not be stored.</param>
internal readonly record struct RepeatedRead(string Route, string Path, long Requests, long Hits, long NotStorable);
