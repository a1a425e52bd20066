using System.Net;
using CacheProxy.Configuration;
using Microsoft.Extensions.Primitives;

namespace CacheProxy.Management;

/// <summary>Decides who may use an endpoint.</summary>
internal sealed class AccessControl(ConfigurationReloader configuration, WrongTokens wrong, ILogger<AccessControl> logger)
{
    private const string Scheme = "Bearer ";

    /// <returns>The caller; <c>null</c> after a problem has been answered.</returns>
    public async ValueTask<Caller?> AdmitAsync(HttpContext context, ManagementEndpoint endpoint)
    {
        var address = context.Connection.RemoteIpAddress;
        if (endpoint.Access == Access.Open)
        {
            return new Caller("", address);
        }

        if (BrowserRules.IsFromOtherPage(context.Request, endpoint.Access))
        {
            await RefuseAsync(context, endpoint, ProblemKind.OtherPage, "A browser sent it for a page of another origin. Changes are for programs and for this listener's own page.");
            return null;
        }

        var access = configuration.Current.Options.Access;
        var given = context.Request.Headers.Authorization;
        if (given.Count > 0 && access.HasTokens)
        {
            if (TokenIn(given) is { } token && access.Find(token) is { } fingerprint)
            {
                return new Caller(fingerprint, address);
            }

            await RefuseWrongAsync(context, endpoint);
            return null;
        }

        return endpoint.Access == Access.Read ? await AdmitReaderAsync(context, endpoint, access) : await RefuseWithoutTokenAsync(context, endpoint, access);
    }

    private async ValueTask<Caller?> AdmitReaderAsync(HttpContext context, ManagementEndpoint endpoint, ManagementAccess access)
    {
        // Without an address it came through a socket in the file system.
        var address = context.Connection.RemoteIpAddress;
        var isHere = address is null || IPAddress.IsLoopback(address);
        if (!isHere && !access.MayRead(address!))
        {
            return await RefuseWithoutTokenAsync(context, endpoint, access);
        }

        if (isHere && !BrowserRules.IsOwnHost(context.Request.Host.Host))
        {
            await RefuseAsync(context, endpoint, ProblemKind.OtherHost, "From this machine without a token, the host is localhost or an address: another name may be a trick on a browser.");
            return null;
        }

        return new Caller("", address);
    }

    private async ValueTask<Caller?> RefuseWithoutTokenAsync(HttpContext context, ManagementEndpoint endpoint, ManagementAccess access)
    {
        if (!access.HasTokens)
        {
            await RefuseAsync(
                context,
                endpoint,
                ProblemKind.NoTokens,
                endpoint.Access == Access.Read
                    ? "Configure CacheProxy:Management:ReadsFrom or a token (CacheProxy:Management:Tokens or :TokensFile), or ask from the machine itself."
                    : "Changes need one: configure CacheProxy:Management:Tokens by environment variable, or CacheProxy:Management:TokensFile.");
            return null;
        }

        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"cacheproxy\"";
        await RefuseAsync(context, endpoint, ProblemKind.TokenRequired, "Say Authorization: Bearer TOKEN, with one of CacheProxy:Management:Tokens or :TokensFile.");
        return null;
    }

    private async ValueTask RefuseWrongAsync(HttpContext context, ManagementEndpoint endpoint)
    {
        var wait = wrong.Count(context.Connection.RemoteIpAddress);
        if (wait == TimeSpan.Zero)
        {
            context.Response.Headers.WWWAuthenticate = "Bearer realm=\"cacheproxy\", error=\"invalid_token\"";
            Refused(context, endpoint, ProblemKind.WrongToken);
            await Problem.WriteAsync(context, ProblemKind.WrongToken, "It is none of CacheProxy:Management:Tokens and :TokensFile that are in force.");
            return;
        }

        var seconds = (int)Math.Ceiling(wait.TotalSeconds);
        context.Response.Headers.RetryAfter = $"{seconds}";
        await Problem.WriteAsync(context, ProblemKind.TooManyWrongTokens, $"Try again in {seconds} s, with a token that is configured.");
    }

    private Task RefuseAsync(HttpContext context, ManagementEndpoint endpoint, ProblemKind kind, string detail)
    {
        // The log tells of the first ones.
        if (wrong.Count(context.Connection.RemoteIpAddress) == TimeSpan.Zero)
        {
            Refused(context, endpoint, kind);
        }

        return Problem.WriteAsync(context, kind, detail);
    }

    private void Refused(HttpContext context, ManagementEndpoint endpoint, ProblemKind kind) =>
        logger.AdministrationRefused(endpoint.Method, endpoint.Path, Caller.Text(context.Connection.RemoteIpAddress), kind.Name);

    private static string? TokenIn(StringValues authorization) =>
        authorization.Count == 1 && authorization[0] is { } text && text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            ? text[Scheme.Length..].Trim()
            : null;
}

/// <summary>Who asks.</summary>
/// <param name="Token">The token's fingerprint; empty without one.</param>
/// <param name="Address">Where from; <c>null</c> through a socket in the file system.</param>
internal sealed record Caller(string Token, IPAddress? Address)
{
    public static string Text(IPAddress? address) =>
        address is null ? "a local socket" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}

/// <summary>What a browser says of the page for which it sends a request.</summary>
internal static class BrowserRules
{
    /// <summary>Whether the page is another one than this listener's.</summary>
    public static bool IsFromOtherPage(HttpRequest request, Access access)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var isOther = site.Length > 0 && site is not ("same-origin" or "none");
        // A link on another page may lead here: the page that it came from sees nothing of the answer.
        return access == Access.Read
            ? isOther && request.Headers["Sec-Fetch-Mode"].ToString() != "navigate"
            : isOther || IsForeign(request.Headers.Origin, request);
    }

    /// <summary>
    /// Whether a browser that is told this host means this machine: any other name may have been made to point here by who owns it.
    /// </summary>
    public static bool IsOwnHost(string host) =>
        host.Length == 0
        || host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host, out _);

    private static bool IsForeign(StringValues origin, HttpRequest request) =>
        origin.Count > 0 && !string.Equals(origin.ToString(), $"{request.Scheme}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);
}
