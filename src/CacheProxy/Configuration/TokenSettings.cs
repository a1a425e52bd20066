using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Identity.Tokens;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Tokens</c>, and the claims of policies.</summary>
internal static class TokenSettings
{
    public const string ClaimForm = "the name of a claim: at most 128 visible ASCII characters";

    private const int LongestClaim = 128;
    private const string KeysForm = "a file that holds a JWKS, or its http:// or https:// URL without user and fragment";

    /// <param name="reader">The section.</param>
    /// <param name="tenant">Whose sources may need tokens.</param>
    /// <param name="policies">Which may need them, too.</param>
    public static TokenOptions Read(SettingsReader reader, TenantOptions tenant, ImmutableArray<CachePolicyOptions> policies)
    {
        var defaults = new TokenOptions();
        var options = new TokenOptions
        {
            Issuer = reader.Text(nameof(TokenOptions.Issuer)) ?? "",
            Audience = reader.List(nameof(TokenOptions.Audience), defaults.Audience, "a name of the API, as it stands in aud", static text => text),
            Keys = ReadKeys(reader),
            KeysRefresh = reader.Duration(nameof(TokenOptions.KeysRefresh), defaults.KeysRefresh, TimeSpan.FromSeconds(10), TimeSpan.FromHours(24)),
            KeysMaxAge = reader.Duration(nameof(TokenOptions.KeysMaxAge), defaults.KeysMaxAge, TimeSpan.FromSeconds(10), TimeSpan.FromDays(7)),
            ClockSkew = reader.Duration(nameof(TokenOptions.ClockSkew), defaults.ClockSkew, TimeSpan.Zero, TimeSpan.FromMinutes(5)),
        };
        if (options.KeysMaxAge < options.KeysRefresh)
        {
            reader.Refuse(
                nameof(TokenOptions.KeysMaxAge),
                DurationText.Format(options.KeysMaxAge),
                $"at least KeysRefresh, which is {DurationText.Format(options.KeysRefresh)}");
        }

        if (User(tenant, policies) is { } user)
        {
            Require(reader, nameof(TokenOptions.Issuer), options.Issuer.Length > 0, $"what iss is in the tokens; {user}");
            Require(reader, nameof(TokenOptions.Audience), options.Audience.Length > 0, $"what aud has in tokens for this API; {user}");
            Require(reader, nameof(TokenOptions.Keys), reader.Text(nameof(TokenOptions.Keys)) is not null, $"{KeysForm}; {user}");
        }

        reader.RefuseTheRest();
        return options;
    }

    /// <summary>A claim as it is kept; <c>null</c> for what is no name.</summary>
    public static string? Claim(string text) => text.Length <= LongestClaim && text.All(static c => c is > ' ' and <= '~') ? text : null;

    public static void CheckClaims(SettingsReader reader, CachePolicyOptions policy)
    {
        if (policy.Credentials == CredentialsMode.Claims && policy.Claims.IsEmpty
            && !reader.Raw.GetSection(nameof(CachePolicyOptions.Claims)).AsEnumerable().Any(static pair => !string.IsNullOrWhiteSpace(pair.Value)))
        {
            reader.Missing(nameof(CachePolicyOptions.Claims), "with Credentials: Claims, every claim that the API's answer may depend on, such as tenant, role, scope");
        }

        if (policy.Credentials != CredentialsMode.Claims && !policy.Claims.IsEmpty)
        {
            reader.Refuse(
                nameof(CachePolicyOptions.Claims), string.Join(", ", policy.Claims), $"only together with Credentials: Claims; it is {policy.Credentials}");
        }
    }

    private static string ReadKeys(SettingsReader reader)
    {
        if (reader.Text(nameof(TokenOptions.Keys)) is not { } text)
        {
            return "";
        }

        var url = JwksFetch.UrlOf(text);
        if (url is null ? text.Contains("://", StringComparison.Ordinal) : url.UserInfo.Length > 0 || url.Fragment.Length > 0)
        {
            // Without the value, which may hold a password.
            reader.Refuse(nameof(TokenOptions.Keys), text, KeysForm, secret: true);
        }

        return text;
    }

    private static string? User(TenantOptions tenant, ImmutableArray<CachePolicyOptions> policies) =>
        policies.FirstOrDefault(static policy => policy.Credentials == CredentialsMode.Claims) is { } policy
            ? $"the policy {policy.Name} has Credentials: Claims"
            : TenantResolver.Claims(tenant) is [var claim, ..] ? $"CacheProxy:Tenant:Sources has Claim:{claim}" : null;

    private static void Require(SettingsReader reader, string name, bool isThere, string allowed)
    {
        if (!isThere)
        {
            reader.Missing(name, allowed);
        }
    }
}
