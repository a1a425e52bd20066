using System.Net;

namespace Demo.Walking;

/// <summary>A request's answer. <paramref name="Queries"/> is what the API asked its database meanwhile.</summary>
internal sealed record Exchange(HttpStatusCode Status, string Body, CacheAnswer Answer, TimeSpan Elapsed, long Queries);
