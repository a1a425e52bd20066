using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks what says which resources are fetched before anybody asks for them.</summary>
internal static class WarmSettings
{
    public static WarmOptions ReadPolicy(SettingsReader reader)
    {
        var defaults = new WarmOptions();
        var options = new WarmOptions
        {
            Top = reader.Integer(nameof(WarmOptions.Top), defaults.Top, 0, 10_000),
            RatePerSecond = reader.Integer(nameof(WarmOptions.RatePerSecond), defaults.RatePerSecond, 1, 1000),
        };
        reader.RefuseTheRest();
        return options;
    }

    public static WarmCredentialOptions ReadCredential(SettingsReader reader)
    {
        var defaults = new WarmCredentialOptions();
        var options = new WarmCredentialOptions
        {
            CredentialHeader = reader.Text(nameof(WarmCredentialOptions.CredentialHeader)) ?? defaults.CredentialHeader,
            Credential = reader.Text(nameof(WarmCredentialOptions.Credential)) ?? defaults.Credential,
            CredentialFile = reader.Text(nameof(WarmCredentialOptions.CredentialFile)) ?? defaults.CredentialFile,
        };
        reader.RefuseTheRest();
        if (!TenantResolver.IsSource($"Header:{options.CredentialHeader}"))
        {
            reader.Refuse(nameof(WarmCredentialOptions.CredentialHeader), options.CredentialHeader, "the name of a request header");
        }

        if (options.Credential.Any(static c => c is < ' ' or > '~'))
        {
            reader.Refuse(nameof(WarmCredentialOptions.Credential), options.Credential, "visible ASCII characters and blanks", secret: true);
        }

        if (options.Credential.Length > 0 && options.CredentialFile.Length > 0)
        {
            reader.Refuse(nameof(WarmCredentialOptions.CredentialFile), options.CredentialFile, "only without Credential");
        }
        else if (options.CredentialFile.Length > 0 && !File.Exists(options.CredentialFile))
        {
            reader.Refuse(nameof(WarmCredentialOptions.CredentialFile), options.CredentialFile, "a file that exists");
        }

        return options;
    }

    /// <summary>What the policies' keys and credentials must be for it.</summary>
    /// <param name="reader">Of the section <c>CacheProxy</c>.</param>
    /// <param name="policies">All of them.</param>
    /// <param name="credential">What warming requests carry.</param>
    public static void Check(SettingsReader reader, ImmutableArray<CachePolicyOptions> policies, WarmCredentialOptions credential)
    {
        foreach (var policy in policies)
        {
            if (HotKeys.Templates.Any(own => KeyOverlap.Exists(own, policy.Key)))
            {
                reader.Refuse($"Policies:{policy.Name}:Key", policy.Key, $"a key of its own: CacheProxy itself uses {string.Join(" and ", HotKeys.Templates)}");
            }

            if (policy.Warm.Top > 0 && !credential.IsPresent && policy.Credentials is not
                (CredentialsMode.Shared or CredentialsMode.Rfc9111 or CredentialsMode.Bypass))
            {
                reader.Refuse(
                    $"Policies:{policy.Name}:Warm:Top",
                    $"{policy.Warm.Top}",
                    "only where Credentials is Shared, Rfc9111 or Bypass, or with CacheProxy:Warm:Credential: entries of callers cannot be fetched without them");
            }
        }
    }
}
