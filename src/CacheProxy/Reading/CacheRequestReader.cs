using CacheProxy.Configuration.Policies;
using CacheProxy.Filling;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;
using CacheProxy.Proxy;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace CacheProxy.Reading;

/// <summary>Finds out which resource a safe request is for, or why that is uncertain.</summary>
internal static class CacheRequestReader
{
    public static bool TryRead(
        HttpContext context,
        CachePolicy policy,
        RouteCaching route,
        FoldedHeaders folded,
        OverriddenMethod overridden,
        out ReadRequest read,
        out ForwardReason reason)
    {
        read = default;
        var rules = route.Rules;
        var request = context.Request;
        if (FindObstacle(context, policy, rules, folded, overridden) is { } obstacle)
        {
            reason = obstacle;
            return false;
        }

        var directives = RequestDirectives.Parse(request.Headers.CacheControl);
        if (directives.NoStore)
        {
            reason = ForwardReason.RequestNoStore;
            return false;
        }

        if (FindTenant(request, rules, ref policy, out var tenant) is { } doubt)
        {
            reason = doubt;
            return false;
        }

        reason = ForwardReason.Key;
        var path = request.Path.Value ?? "";
        var source = new KeySource(tenant, request.Host.Value ?? "", path, request.RouteValues);
        if (!policy.Template.TryFormat(source, out var key))
        {
            return false;
        }

        if (!TryReadClaims(request, policy, rules, out var claims, ref reason))
        {
            return false;
        }

        read = new ReadRequest(
            context,
            policy,
            key,
            new VariantSource(
                request.Headers,
                request.QueryString.Value ?? "",
                CredentialsThatCount(policy.Options.Credentials, rules),
                SpelledOtherwise(context, route),
                context.Connection.RemoteIpAddress,
                DeclaredScheme(context),
                folded,
                policy.VaryBy,
                claims,
                policy.Options.Encrypt),
            directives,
            tenant.Value,
            rules.StoreTimeout);
        return true;
    }

    /// <summary>The tenant that the key needs, and the policy as it is for that tenant; or why the request is forwarded.</summary>
    private static ForwardReason? FindTenant(HttpRequest request, RequestRules rules, ref CachePolicy policy, out TenantName tenant)
    {
        tenant = default;
        if (!policy.Template.NeedsTenant)
        {
            return null;
        }

        var resolution = rules.Tenants.Resolve(request);
        tenant = resolution.Tenant;
        if (resolution.Kind != TenantResolutionKind.Found)
        {
            return ForwardReasons.Of(resolution.Kind);
        }

        policy = policy.Tenants?.Of(tenant) ?? policy;
        return policy.Options.Mode == CacheMode.Off ? ForwardReason.TenantOff : null;
    }

    // Beside a token that is shared by its claims, whatever else tells callers apart still does.
    private static CredentialFingerprint? CredentialsThatCount(CredentialsMode mode, RequestRules rules) => mode switch
    {
        CredentialsMode.PerCredential => rules.Credentials,
        CredentialsMode.Claims => rules.CredentialsBesideTokens,
        CredentialsMode.Rfc9111 or CredentialsMode.Shared or CredentialsMode.Bypass => null,
    };

    private static bool TryReadClaims(HttpRequest request, CachePolicy policy, RequestRules rules, out byte[]? claims, ref ForwardReason reason)
    {
        claims = null;
        if (policy.Claims is not { } selection)
        {
            return true;
        }

        var verdict = rules.Tokens!.Judge(request.Headers, out var token);
        reason = ForwardReasons.Of(verdict);
        if (verdict == TokenVerdict.Verified)
        {
            claims = token!.FingerprintOf(selection);
        }

        return claims is not null;
    }

    private static string? SpelledOtherwise(HttpContext context, RouteCaching route) =>
        RequestTarget.TryGetOriginalPath(context, out var path) && route.CanonicalPath?.Matches(path, context.Request.RouteValues) == true
            ? null
            : path.ToString();

    // Over HTTP/2 the client declares a scheme. The API sees it in X-Forwarded-Proto and may build its links from it.
    private static string? DeclaredScheme(HttpContext context) =>
        HttpProtocol.IsHttp2(context.Request.Protocol)
        && context.Request.IsHttps == (context.Features.Get<ITlsHandshakeFeature>() is null)
            ? context.Request.Scheme
            : null;

    private static ForwardReason? FindObstacle(
        HttpContext context, CachePolicy policy, RequestRules rules, FoldedHeaders folded, OverriddenMethod overridden)
    {
        var request = context.Request;
        if (policy.Options.Mode == CacheMode.Off)
        {
            return ForwardReason.PolicyOff;
        }

        if (rules.DecidingHeaders.AreInDoubt(request.Headers, folded))
        {
            return ForwardReason.HeaderName;
        }

        if (overridden != OverriddenMethod.None)
        {
            return ForwardReason.MethodOverride;
        }

        if (MethodOverride.ChangesTarget(request.Headers, folded) || !RequestTarget.TryGetOriginalPath(context, out var path))
        {
            return ForwardReason.TargetOverride;
        }

        if (!WellFormedPath.Check(path))
        {
            return ForwardReason.Path;
        }

        if ((context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true } || request.ContentLength > 0)
            && !policy.ReadsContentOf(request.Method))
        {
            return ForwardReason.RequestBody;
        }

        if (request.Headers.Upgrade.Count > 0)
        {
            return ForwardReason.Upgrade;
        }

        if (ConditionalRequest.MustForward(request.Headers))
        {
            return ForwardReason.Precondition;
        }

        if (policy.Excepts(request.RouteValues))
        {
            return ForwardReason.ExceptedId;
        }

        return policy.Options.Credentials == CredentialsMode.Bypass && rules.Credentials.IsPresent(request.Headers)
            ? ForwardReason.Credentials
            : null;
    }
}
