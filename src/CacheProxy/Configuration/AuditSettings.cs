using System.Collections.Immutable;
using System.Globalization;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks what says which answers are compared with the API's, and how.</summary>
internal static class AuditSettings
{
    private const string Audit = nameof(CachePolicyOptions.Audit);
    private const string AuditIgnore = nameof(CachePolicyOptions.AuditIgnore);

    public static CachePolicyOptions ReadPolicy(SettingsReader policy, CachePolicyOptions options) =>
        options with { Audit = ReadShare(policy, options.Audit), AuditIgnore = ReadIgnored(policy, options.AuditIgnore) };

    public static AuditOptions Read(SettingsReader reader)
    {
        var options = new AuditOptions
        {
            RatePerSecond = reader.Integer(nameof(AuditOptions.RatePerSecond), new AuditOptions().RatePerSecond, 1, 1000),
        };
        reader.RefuseTheRest();
        return options;
    }

    public static ShadowOptions ReadShadow(SettingsReader reader)
    {
        var options = new ShadowOptions { Propose = reader.Switch(nameof(ShadowOptions.Propose), new ShadowOptions().Propose) };
        reader.RefuseTheRest();
        return options;
    }

    private static double ReadShare(SettingsReader policy, double defaultValue)
    {
        if (policy.Text(Audit) is not { } text)
        {
            return defaultValue;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1)
        {
            return share;
        }

        policy.Refuse(Audit, text, "a share of hits from 0 to 1, such as 0.001");
        return defaultValue;
    }

    private static ImmutableArray<string> ReadIgnored(SettingsReader policy, ImmutableArray<string> defaults)
    {
        var pointers = policy.List(AuditIgnore, defaults, JsonPointer.Form, static text => JsonPointer.TryParse(text, out _) ? text : null);
        if (pointers.Length > JsonDifference.MostIgnored)
        {
            policy.Refuse(AuditIgnore, $"{pointers.Length} pointers", $"at most {JsonDifference.MostIgnored}");
        }

        return pointers;
    }
}
