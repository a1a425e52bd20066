using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Policies:NAME:Evicts</c>. What an entry names can be checked only when all policies are read.</summary>
internal sealed class EvictsSettings
{
    private const string Section = nameof(CachePolicyOptions.Evicts);
    private const string Policy = nameof(EvictionRule.Policy);
    private const string FromRequest = "request:";
    private const string FromResponse = "response:";
    private const string Form = "request: or response:, then " + JsonPointer.Form;

    private readonly List<(SettingsReader Reader, string PolicyKey, EvictionRule Rule)> _read = [];

    /// <summary>A list of entries, of which one without pointers may be the policy's name alone; or names with commas.</summary>
    public ImmutableArray<EvictionRule> Read(SettingsReader policy)
    {
        var section = policy.Raw.GetSection(Section);
        if (!string.IsNullOrWhiteSpace(section.Value))
        {
            return [.. policy.List(Section, [], "the name of a policy", static name => name).Select(name => Keep(policy, Section, new(name, [])))];
        }

        var rules = ImmutableArray.CreateBuilder<EvictionRule>();
        var entries = policy.Section(Section);
        foreach (var entry in entries.Raw.GetChildren())
        {
            if (entries.Raw.GetSection(entry.Key).Value is { Length: > 0 } name)
            {
                rules.Add(Keep(entries, entry.Key, new(name, [])));
            }
            else if (ReadEntry(entries.Section(entry.Key)) is { } rule)
            {
                rules.Add(rule);
            }
        }

        return rules.ToImmutable();
    }

    /// <param name="policies">The policies that could be read.</param>
    /// <param name="names">The names of all.</param>
    public void Check(IReadOnlyCollection<CachePolicyOptions> policies, IReadOnlyCollection<string> names)
    {
        foreach (var (reader, key, rule) in _read)
        {
            if (!names.Contains(rule.Policy, StringComparer.OrdinalIgnoreCase))
            {
                reader.Refuse(key, rule.Policy, $"the name of a policy: {string.Join(", ", names.Order(StringComparer.Ordinal))}");
            }
            else if (policies.FirstOrDefault(policy => policy.Name.Equals(rule.Policy, StringComparison.OrdinalIgnoreCase)) is { } target
                && KeyTemplate.TryParse(target.Key, out var template, out _))
            {
                CheckNames(reader, rule, template!);
            }
        }
    }

    private static void CheckNames(SettingsReader reader, EvictionRule rule, KeyTemplate template)
    {
        foreach (var value in rule.Values.Where(value => !template.RouteValueNames.Contains(value.Name, StringComparer.OrdinalIgnoreCase)))
        {
            var allowed = template.RouteValueNames.IsEmpty
                ? $"no values: the Key of the policy {rule.Policy}, {template.Text}, has none"
                : $"Policy, or a value of the Key of the policy {rule.Policy}, {template.Text}: {string.Join(", ", template.RouteValueNames)}";
            reader.Refuse(value.Name, null, allowed);
        }
    }

    private EvictionRule? ReadEntry(SettingsReader entry)
    {
        var values = ImmutableArray.CreateBuilder<PointedValue>();
        foreach (var child in entry.Raw.GetChildren())
        {
            if (!child.Key.Equals(Policy, StringComparison.OrdinalIgnoreCase) && entry.Text(child.Key) is { } text)
            {
                if (!TryPoint(child.Key, text, out var value))
                {
                    entry.Refuse(child.Key, text, Form);
                }
                else if (values.Count > 0 && values[0].Body != value.Body)
                {
                    entry.Refuse(child.Key, text, $"a pointer into the same body as {values[0].Name}: an entry is found in one body");
                }

                // Refused or not: nothing else is to say that it is missing.
                values.Add(value);
            }
        }

        if (entry.Text(Policy) is { } policy)
        {
            return Keep(entry, Policy, new EvictionRule(policy, values.ToImmutable()));
        }

        entry.Missing(Policy, "the name of the policy whose resources are evicted");
        return null;
    }

    private static bool TryPoint(string name, string text, out PointedValue value)
    {
        var (body, start) = text.StartsWith(FromRequest, StringComparison.OrdinalIgnoreCase)
            ? (PointedBody.Request, FromRequest.Length)
            : (PointedBody.Response, text.StartsWith(FromResponse, StringComparison.OrdinalIgnoreCase) ? FromResponse.Length : text.Length);
        var isPointer = JsonPointer.TryParse(text[start..], out var pointer) && start < text.Length;
        value = new PointedValue(name, body, pointer ?? JsonPointer.Whole);
        return isPointer;
    }

    private EvictionRule Keep(SettingsReader reader, string policyKey, EvictionRule rule)
    {
        _read.Add((reader, policyKey, rule));
        return rule;
    }
}
