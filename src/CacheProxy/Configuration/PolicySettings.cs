using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Policies</c>.</summary>
internal static class PolicySettings
{
    private const int LongestName = 64;
    private const int LongestId = 128;
    private const int Mebibyte = 1024 * 1024;

    private static readonly TimeSpan Day = TimeSpan.FromHours(24);
    private static readonly TimeSpan MoreThanZero = TimeSpan.FromTicks(1);
    private static readonly TimeSpan ShortestCopy = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestCopy = TimeSpan.FromSeconds(5);

    public static ImmutableArray<CachePolicyOptions> Read(SettingsReader reader)
    {
        var policies = ImmutableArray.CreateBuilder<CachePolicyOptions>();
        var evicts = new EvictsSettings();
        var sections = reader.Sections();
        foreach (var section in sections)
        {
            if (!IsName(section.Name))
            {
                section.Refuse("", null, "a policy's name: a letter, then letters, digits, '-' and '_', at most 64");
            }

            if (ReadPolicy(section, evicts) is { } policy)
            {
                RefuseSameKeys(section, policy, policies);
                policies.Add(policy);
            }
        }

        FreshnessSettings.RefusePaceKeys(reader, policies);
        evicts.Check(policies, [.. sections.Select(static section => section.Name)]);
        DependencySettings.Check(reader, policies);
        return policies.ToImmutable();
    }

    private static CachePolicyOptions? ReadPolicy(SettingsReader reader, EvictsSettings evicts)
    {
        var key = ReadKey(reader);
        var defaults = new CachePolicyOptions { Name = reader.Name, Key = key ?? "" };
        var policy = defaults with
        {
            Ttl = reader.Duration("Ttl", MoreThanZero, Day),
            Mode = reader.Choice("Mode", defaults.Mode),
            ReadMethods = reader.List("ReadMethods", defaults.ReadMethods, "GET, QUERY or POST", ReadMethod),
            MaxRequestBodyBytes = reader.Integer("MaxRequestBodyBytes", defaults.MaxRequestBodyBytes, 1, 64 * 1024),
            EvictOn = reader.List("EvictOn", defaults.EvictOn, "an unsafe method such as PUT, or * for all of them", UnsafeMethod),
            Evicts = evicts.Read(reader),
            Tags = TagSettings.ReadTags(reader, key),
            TagHeaders = TagSettings.ReadHeaders(reader, defaults.TagHeaders),
            HideTagHeaders = reader.Switch("HideTagHeaders", defaults.HideTagHeaders),
            Credentials = reader.Choice("Credentials", defaults.Credentials),
            Claims = reader.List("Claims", defaults.Claims, TokenSettings.ClaimForm, TokenSettings.Claim),
            SharePersonalised = reader.Switch("SharePersonalised", defaults.SharePersonalised),
            VaryBy = reader.List("VaryBy", defaults.VaryBy, "the name of a request header", Header),
            ExceptIds = reader.List("ExceptIds", defaults.ExceptIds, "an id as it stands in a path: at most 128 letters, digits, '-', '.', '_' and '~'", Id),
            WriteConsistency = reader.Choice("WriteConsistency", defaults.WriteConsistency),
            WriteDeadline = reader.Duration("WriteDeadline", defaults.WriteDeadline, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            WriteLimit = reader.Duration("WriteLimit", TimeSpan.FromSeconds(1), Day),
            MinWriteRate = reader.Integer("MinWriteRate", defaults.MinWriteRate, 0, Mebibyte),
            FutileFencesPerMinute = reader.Integer("FutileFencesPerMinute", defaults.FutileFencesPerMinute, 1, 1_000_000),
            MemoryTtl = ReadMemoryTtl(reader, defaults.MemoryTtl),
            StaleIfError = reader.Duration("StaleIfError", defaults.StaleIfError, TimeSpan.Zero, Day),
            StaleWhileRevalidate = reader.Duration("StaleWhileRevalidate", defaults.StaleWhileRevalidate, TimeSpan.Zero, Day),
            TtlJitter = reader.Duration("TtlJitter", defaults.TtlJitter, TimeSpan.Zero, Day),
            MaxBodyBytes = reader.Integer("MaxBodyBytes", defaults.MaxBodyBytes, 1, 64 * Mebibyte),
            MaxHeaderBytes = reader.Integer("MaxHeaderBytes", defaults.MaxHeaderBytes, 1, Mebibyte),
            MaxVariants = reader.Integer("MaxVariants", defaults.MaxVariants, 1, 4096),
            RefusalsKept = reader.Integer("RefusalsKept", defaults.RefusalsKept, 0, 100),
            StatusCodes = reader.List("StatusCodes", defaults.StatusCodes, "a status code from 200 to 599 but 206 and 304, or *", Status),
            NegativeTtl = reader.Duration("NegativeTtl", TimeSpan.Zero, Day),
            HeuristicFreshness = reader.Switch("HeuristicFreshness", defaults.HeuristicFreshness),
            Encrypt = reader.Switch("Encrypt", defaults.Encrypt),
            Coalesce = reader.Choice("Coalesce", defaults.Coalesce),
            MaxConcurrentFills = reader.Integer("MaxConcurrentFills", defaults.MaxConcurrentFills, 0, 100_000),
            MaxConcurrentFillsPerTenant = reader.Integer("MaxConcurrentFillsPerTenant", defaults.MaxConcurrentFillsPerTenant, 0, 100_000),
            FillWait = reader.Duration("FillWait", defaults.FillWait, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1)),
            FillOverflow = reader.Choice("FillOverflow", defaults.FillOverflow),
            Warm = WarmSettings.ReadPolicy(reader.Section("Warm")),
            DependsOn = DependencySettings.Read(reader.Section(DependencySettings.Key)),
            MaxDependencies = reader.Integer("MaxDependencies", defaults.MaxDependencies, 1, 1000),
            MaxDependents = reader.Integer("MaxDependents", defaults.MaxDependents, 1, 10_000),
        };
        policy = AuditSettings.ReadPolicy(reader, FreshnessSettings.Read(reader, policy));
        reader.RefuseTheRest();
        CheckTogether(reader, policy);
        return key is null ? null : policy;
    }

    // Of a lease that is shorter its margin would leave little.
    private static TimeSpan ReadMemoryTtl(SettingsReader reader, TimeSpan defaultValue)
    {
        if (reader.Text("MemoryTtl") is not { } text)
        {
            return defaultValue;
        }

        if (DurationText.TryParse(text, out var ttl) && (ttl == TimeSpan.Zero || (ttl >= ShortestCopy && ttl <= LongestCopy)))
        {
            return ttl;
        }

        reader.Refuse("MemoryTtl", text, $"{DurationText.Form}; 0, or {DurationText.Format(ShortestCopy)} to {DurationText.Format(LongestCopy)}");
        return defaultValue;
    }

    private static string? ReadKey(SettingsReader reader)
    {
        if (reader.Text("Key") is not { } text)
        {
            reader.Missing("Key", "a template such as {tenant}:customer:{id}");
            return null;
        }

        if (KeyTemplate.TryParse(text, out _, out var problem) && KeyOverlap.WithTags(text))
        {
            problem = $"a key that no tag has: those begin with {TagName.KeyStart} and have one more bar";
        }

        if (problem is null)
        {
            return text;
        }

        reader.Refuse("Key", text, problem ?? "a template such as {tenant}:customer:{id}");
        return null;
    }

    private static void CheckTogether(SettingsReader reader, CachePolicyOptions policy)
    {
        if (policy.TtlJitter > TimeSpan.Zero && policy.AdaptiveTtl is null && !(policy.TtlJitter < policy.Ttl))
        {
            var ttl = policy.Ttl is { } present ? $"which is {DurationText.Format(present)}" : "which is absent";
            reader.Refuse("TtlJitter", DurationText.Format(policy.TtlJitter), $"less than Ttl, {ttl}");
        }

        if (policy.WriteLimit < policy.WriteDeadline)
        {
            reader.Refuse(
                "WriteLimit", DurationText.Format(policy.WriteLimit.Value), $"at least WriteDeadline, which is {DurationText.Format(policy.WriteDeadline)}");
        }

        TokenSettings.CheckClaims(reader, policy);
        if (policy.ReadMethods.Contains(HttpMethods.Post) && policy.EvictOn.FirstOrDefault(static method => method is "POST" or "*") is { } both)
        {
            reader.Refuse("EvictOn", both, "no POST, and no * for all: ReadMethods says that a POST reads");
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
        return method == "*" || (!Methods.IsSafe(method) && method.All(static c => char.IsAsciiLetterUpper(c) || c == '-')) ? method : null;
    }

    private static string? ReadMethod(string text) =>
        text.ToUpperInvariant() is var method && method is "GET" or Methods.Query or "POST" ? method : null;

    private static string? Status(string text) =>
        text == "*" || (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code)
            && code is >= 200 and <= 599 and not 206 and not 304)
            ? text
            : null;

    private static string? Header(string text) => text != "*" && TenantResolver.IsSource($"Header:{text}") ? text : null;

    private static string? Id(string text) =>
        text.Length <= LongestId && !text.AsSpan().ContainsAnyExcept(UriCharacters.Unreserved) ? text : null;

    private static bool IsName(string text) =>
        text.Length is > 0 and <= LongestName
        && char.IsAsciiLetter(text[0])
        && text.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');
}

/// <summary>
/// Whether two templates could make one key: <c>{tenant}:{kind}:{id}</c> and <c>{tenant}:customer:{id}</c> could. Each template is an
/// automaton that reads keys; two templates overlap if one key takes both to their end.
/// </summary>
internal static class KeyOverlap
{
    private const char FirstVisible = '!';
    private const char LastVisible = '~';

    public static bool Exists(string left, string right) => Exists(Steps(left), Steps(right));

    /// <summary>Whether a template could make the key of a tag: <see cref="TagName.KeyStart"/>, whose it is, a bar, and anything.</summary>
    public static bool WithTags(string template)
    {
        static bool IsScope(char c) => UriCharacters.Host.Contains(c) || c == '@';
        static bool IsAny(char c) => true;

        List<Step> everybodys = [.. Steps(TagName.KeyStart + TagName.ScopeEnd), new Step(IsAny, IsAny)];
        List<Step> somebodys = [.. Steps(TagName.KeyStart), new Step(IsScope, IsScope), .. Steps(TagName.ScopeEnd), new Step(IsAny, IsAny)];
        return Exists(Steps(template), everybodys) || Exists(Steps(template), somebodys);
    }

    private static bool Exists(List<Step> one, List<Step> other)
    {
        var seen = new HashSet<(int One, int Other)> { (0, 0) };
        var open = new Queue<(int One, int Other)>(seen);
        while (open.TryDequeue(out var state))
        {
            if (state == (one.Count, other.Count))
            {
                return true;
            }

            for (var c = FirstVisible; c <= LastVisible; c++)
            {
                foreach (var next in Next(one, state.One, c).SelectMany(i => Next(other, state.Other, c).Select(j => (i, j))))
                {
                    if (seen.Add(next))
                    {
                        open.Enqueue(next);
                    }
                }
            }
        }

        return false;
    }

    // In state N the first N steps are done; the last of them may take more characters.
    private static IEnumerable<int> Next(List<Step> steps, int state, char c)
    {
        if (state < steps.Count && steps[state].Begins(c))
        {
            yield return state + 1;
        }

        if (state > 0 && steps[state - 1].GoesOn(c))
        {
            yield return state;
        }
    }

    private static List<Step> Steps(string template)
    {
        var steps = new List<Step>();
        foreach (var part in KeyTemplateParser.Parse(template, out _))
        {
            switch (part.Kind)
            {
                case KeyPartKind.Literal:
                    steps.AddRange(part.Text.Select(static literal => new Step(c => c == literal, static _ => false)));
                    break;
                case KeyPartKind.Path:
                    steps.Add(new Step(static c => c == '/', UriCharacters.Path.Contains));
                    break;
                case KeyPartKind.Host:
                    steps.Add(OneOrMore(UriCharacters.Host));
                    break;
                case KeyPartKind.Tenant or KeyPartKind.RouteValue:
                    steps.Add(OneOrMore(UriCharacters.Unreserved));
                    break;
            }
        }

        return steps;
    }

    private static Step OneOrMore(SearchValues<char> characters) => new(characters.Contains, characters.Contains);

    private sealed record Step(Func<char, bool> Begins, Func<char, bool> GoesOn);
}
