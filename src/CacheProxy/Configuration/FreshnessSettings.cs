using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Store;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks what a policy says of lifetimes besides its <c>Ttl</c>.</summary>
internal static class FreshnessSettings
{
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);
    private static readonly TimeSpan MoreThanZero = TimeSpan.FromTicks(1);
    // A hundred years.
    private static readonly TimeSpan GreatestAge = TimeSpan.FromDays(36_500);

    /// <param name="reader">The policy's section.</param>
    /// <param name="policy">What else was read of it.</param>
    public static CachePolicyOptions Read(SettingsReader reader, CachePolicyOptions policy)
    {
        var adaptive = ReadAdaptiveTtl(reader.Section(nameof(CachePolicyOptions.AdaptiveTtl)), policy.TtlJitter);
        return policy with { AdaptiveTtl = adaptive, TtlRules = ReadTtlRules(reader, policy.Ttl ?? adaptive?.Min, policy.TtlJitter) };
    }

    /// <summary>Refuses keys of which one could be where another resource's pace is kept.</summary>
    public static void RefusePaceKeys(SettingsReader policies, IReadOnlyCollection<CachePolicyOptions> all)
    {
        foreach (var policy in all.Where(static policy => policy.AdaptiveTtl is not null))
        {
            var pace = policy.Key + WritePace.KeySuffix;
            if (all.FirstOrDefault(other => KeyOverlap.Exists(pace, other.Key)) is { } twin)
            {
                policies.Refuse($"{twin.Name}:Key", twin.Key, $"no key that {pace} could make, where AdaptiveTtl of the policy {policy.Name} keeps its times");
            }
        }
    }

    private static AdaptiveTtl? ReadAdaptiveTtl(SettingsReader reader, TimeSpan jitter)
    {
        var (min, max) = (reader.Duration("Min", MoreThanZero, Day), reader.Duration("Max", MoreThanZero, Day));
        var (hasMin, hasMax) = (reader.Text("Min") is not null, reader.Text("Max") is not null);
        reader.RefuseTheRest();
        if (hasMin != hasMax)
        {
            reader.Missing(hasMin ? "Max" : "Min", $"{DurationText.Form}; more than 0, at most {DurationText.Format(Day)}");
        }

        if (min is not { } least || max is not { } most)
        {
            return null;
        }

        if (most < least)
        {
            reader.Refuse("Max", DurationText.Format(most), $"at least Min, which is {DurationText.Format(least)}");
        }

        if (least <= jitter)
        {
            reader.Refuse("Min", DurationText.Format(least), $"more than TtlJitter, which is {DurationText.Format(jitter)}");
        }

        return new AdaptiveTtl(least, most);
    }

    private static ImmutableArray<TtlRule> ReadTtlRules(SettingsReader policy, TimeSpan? ttl, TimeSpan jitter)
    {
        var section = policy.Section(nameof(CachePolicyOptions.TtlRules));
        var rules = ImmutableArray.CreateBuilder<TtlRule>();
        foreach (var rule in section.Sections())
        {
            rules.Add(ReadRule(rule, jitter));
        }

        if (rules.Count > 0 && ttl is null)
        {
            policy.Refuse(nameof(CachePolicyOptions.TtlRules), null, "only together with Ttl or AdaptiveTtl, which counts where no rule does");
        }

        return rules.ToImmutable();
    }

    private static TtlRule ReadRule(SettingsReader reader, TimeSpan jitter)
    {
        var pointer = ReadPointer(reader, out var hasPointer);
        var header = ReadHeader(reader, out var hasHeader);
        var equal = reader.Text("Equals");
        var oneOf = reader.List("OneOf", [], "a text", static text => text);
        var olderThan = reader.Duration("OlderThan", MoreThanZero, GreatestAge);
        var hasOlderThan = reader.Text("OlderThan") is not null;
        var ttl = reader.Duration("Ttl", MoreThanZero, Day);
        if (hasPointer == hasHeader)
        {
            reader.Refuse("", null, "a rule with exactly one of Pointer and Header");
        }

        if ((equal is not null ? 1 : 0) + (oneOf.IsEmpty ? 0 : 1) + (hasOlderThan ? 1 : 0) != 1)
        {
            reader.Refuse("", null, "a rule with exactly one of Equals, OneOf and OlderThan");
        }

        if (reader.Text("Ttl") is null)
        {
            reader.Missing("Ttl", $"{DurationText.Form}; more than 0, at most {DurationText.Format(Day)}");
        }
        else if (ttl <= jitter)
        {
            reader.Refuse("Ttl", DurationText.Format(ttl.Value), $"more than TtlJitter, which is {DurationText.Format(jitter)}");
        }

        reader.RefuseTheRest();
        return new TtlRule
        {
            Pointer = pointer,
            Header = header,
            Values = equal is not null ? [equal] : oneOf,
            OlderThan = olderThan,
            Ttl = ttl ?? Day,
        };
    }

    private static JsonPointer? ReadPointer(SettingsReader reader, out bool isGiven)
    {
        var text = reader.Text("Pointer");
        isGiven = text is not null;
        var pointer = default(JsonPointer);
        if (text is null || JsonPointer.TryParse(text, out pointer))
        {
            return pointer;
        }

        reader.Refuse("Pointer", text, JsonPointer.Form);
        return null;
    }

    private static string? ReadHeader(SettingsReader reader, out bool isGiven)
    {
        var text = reader.Text("Header");
        isGiven = text is not null;
        if (text is not null && !TenantResolver.IsSource($"Header:{text}"))
        {
            reader.Refuse("Header", text, "the name of a response header");
        }

        return text;
    }
}
