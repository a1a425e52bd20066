using System.Globalization;
using CacheProxy.Filling;
using CacheProxy.Http;

namespace CacheProxy.Reading;

/// <summary>The answer to a miss that has waited in vain for a place at the API, where the policy refuses such.</summary>
internal static class FillRefusal
{
    public static void Answer(CacheRequest request, in CacheStatus status)
    {
        var response = request.Context.Response;
        response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        // By then whoever is in the queue now has had its turn or left.
        response.Headers.RetryAfter = Math.Ceiling(request.Policy.Options.FillWait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        status.AppendTo(response.Headers);
    }
}
