using System.Net;
using CacheProxy.Warming;

namespace CacheProxy.Management;

/// <summary>
/// <c>POST /warm</c>: warms all policies that are warmed. It does no more than a flush would cause, and is for who is on the machine or in
/// the pod: a request from elsewhere, or from a page in a browser, is refused.
/// </summary>
internal static class WarmPage
{
    public const string Path = "/warm";

    public static RequestDelegate Create(Warmer warmer) => context =>
    {
        if (context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address) || context.Request.Headers.Origin.Count > 0)
        {
            return ManagementListener.WriteAsync(context, StatusCodes.Status403Forbidden, "Only from the machine itself.\n");
        }

        var policies = warmer.Demand();
        return policies.Count == 0
            ? ManagementListener.WriteAsync(context, StatusCodes.Status409Conflict, "No policy has Warm:Top.\n")
            : ManagementListener.WriteAsync(context, StatusCodes.Status202Accepted, $"Warming: {string.Join(", ", policies)}\n");
    };
}
