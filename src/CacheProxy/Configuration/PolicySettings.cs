using System.Collections.Immutable;
using System.Globalization;
using CacheProxy.Configuration.Checks;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Policies</c>.</summary>
internal static class PolicySettings
{
    private const int LongestName = 64;
    private const int Mebibyte = 1024 * 1024;

    private static readonly TimeSpan Day = TimeSpan.FromHours(24);
    private static readonly TimeSpan MoreThanZero = TimeSpan.FromTicks(1);

    public static ImmutableArray<CachePolicyOptions> Read(SettingsReader reader)
    {
        var policies = ImmutableArray.CreateBuilder<CachePolicyOptions>();
        foreach (var section in reader.Sections())
        {
            if (!IsName(section.Name))
            {
                section.Refuse("", null, "a policy's name: a letter, then letters, digits, '-' and '_', at most 64");
            }

            if (ReadPolicy(section) is { } policy)
            {
                RefuseSameKeys(section, policy, policies);
                policies.Add(policy);
            }
        }

        return policies.ToImmutable();
    }

    private static CachePolicyOptions? ReadPolicy(SettingsReader reader)
    {
        var key = ReadKey(reader);
        var absent = new CachePolicyOptions { Name = reader.Name, Key = key ?? "" };
        var policy = absent with
        {
            Ttl = reader.Duration("Ttl", MoreThanZero, Day),
            Mode = reader.Choice("Mode", absent.Mode),
            EvictOn = reader.List("EvictOn", absent.EvictOn, "an unsafe method such as PUT, or * for all of them", UnsafeMethod),
            Credentials = reader.Choice("Credentials", absent.Credentials),
            WriteConsistency = reader.Choice("WriteConsistency", absent.WriteConsistency),
            WriteDeadline = reader.Duration("WriteDeadline", absent.WriteDeadline, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            MemoryTtl = reader.Duration("MemoryTtl", absent.MemoryTtl, TimeSpan.Zero, TimeSpan.FromHours(1)),
            StaleIfError = reader.Duration("StaleIfError", absent.StaleIfError, TimeSpan.Zero, Day),
            StaleWhileRevalidate = reader.Duration("StaleWhileRevalidate", absent.StaleWhileRevalidate, TimeSpan.Zero, Day),
            TtlJitter = reader.Duration("TtlJitter", absent.TtlJitter, TimeSpan.Zero, Day),
            MaxBodyBytes = reader.Integer("MaxBodyBytes", absent.MaxBodyBytes, 1, 64 * Mebibyte),
            MaxVariants = reader.Integer("MaxVariants", absent.MaxVariants, 1, 4096),
            StatusCodes = reader.List("StatusCodes", absent.StatusCodes, "a status code from 200 to 599 but 206 and 304, or *", Status),
            NegativeTtl = reader.Duration("NegativeTtl", TimeSpan.Zero, Day),
            HeuristicFreshness = reader.Switch("HeuristicFreshness", absent.HeuristicFreshness),
            Coalesce = reader.Choice("Coalesce", absent.Coalesce),
        };
        reader.RefuseTheRest();
        CheckTogether(reader, policy);
        return key is null ? null : policy;
    }

    private static string? ReadKey(SettingsReader reader)
    {
        if (reader.Text("Key") is not { } text)
        {
            reader.Missing("Key", "a template such as {tenant}:customer:{id}");
            return null;
        }

        if (KeyTemplate.TryParse(text, out _, out var problem))
        {
            return text;
        }

        reader.Refuse("Key", text, problem ?? "a template such as {tenant}:customer:{id}");
        return null;
    }

    private static void CheckTogether(SettingsReader reader, CachePolicyOptions policy)
    {
        if (policy.TtlJitter > TimeSpan.Zero && !(policy.TtlJitter < policy.Ttl))
        {
            var ttl = policy.Ttl is { } present ? $"which is {DurationText.Format(present)}" : "which is absent";
            reader.Refuse("TtlJitter", DurationText.Format(policy.TtlJitter), $"less than Ttl, {ttl}");
        }

        if (policy.NegativeTtl is { } negative && !policy.StatusCodes.Any(static code => code is "404" or "410" or "*"))
        {
            reader.Refuse("NegativeTtl", DurationText.Format(negative), "only together with StatusCodes that name 404 or 410");
        }
    }

    private static void RefuseSameKeys(SettingsReader section, CachePolicyOptions policy, IEnumerable<CachePolicyOptions> others)
    {
        if (others.FirstOrDefault(other => KeyOverlap.Exists(other.Key, policy.Key)) is { } twin)
        {
            section.Refuse("Key", policy.Key, $"a key of its own: the policy {twin.Name} could make the same one with {twin.Key}");
        }
    }

    private static string? UnsafeMethod(string text)
    {
        var method = text.ToUpperInvariant();
        var safe = method is "GET" or "HEAD" or "OPTIONS" or "TRACE";
        return method == "*" || (!safe && method.All(static c => char.IsAsciiLetterUpper(c) || c == '-')) ? method : null;
    }

    private static string? Status(string text) =>
        text == "*" || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            && code is >= 200 and <= 599 and not 206 and not 304)
            ? text
            : null;

    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName
        && char.IsAsciiLetter(text[0])
        && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}
