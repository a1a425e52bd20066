using CacheProxy.Configuration.Policies;
using CacheProxy.Http;

namespace CacheProxy.Reading.Comparing;

/// <summary>
/// What is learned from requests that are forwarded, where the configuration asks for it (<see cref="RequestRules.SeesWrites"/>,
/// <see cref="RequestRules.Proposes"/>). It changes nothing about their answers.
/// </summary>
internal sealed class SeenRequests(SeenWrites writes, RepeatedReads reads)
{
    /// <param name="context">The request.</param>
    /// <param name="route">What its route asks for.</param>
    /// <param name="answered">Its way to the API and back.</param>
    public Task SeeAsync(HttpContext context, RouteCaching route, Task answered)
    {
        if (!Methods.IsSafe(context.Request.Method))
        {
            answered = route.Rules.Proposes ? reads.SeeWriteAsync(context, answered) : answered;
            return route.Rules.SeesWrites ? writes.SeeAsync(context, route, answered) : answered;
        }

        return route is { Policy: null, Rules.Proposes: true } && HttpMethods.IsGet(context.Request.Method)
            ? reads.SeeAsync(context, route, answered)
            : answered;
    }
}
