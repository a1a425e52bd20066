using System.Collections.Immutable;
using System.Globalization;

namespace CacheProxy.Configuration;

/// <summary>
/// Reads one section, value by value, and remembers which keys were read: those left over at <see cref="RefuseTheRest"/> are unknown.
/// Nothing throws; every problem is collected. An empty value counts as absent, so that an environment variable can remove a value.
/// </summary>
internal sealed class SettingsReader
{
    private const string Hidden = "***";
    private const string SingleValue = "one value, not a section or list";

    private readonly IConfiguration _section;
    private readonly List<ConfigurationProblem> _problems;
    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly string _path;

    public SettingsReader(IConfiguration section, List<ConfigurationProblem> problems)
    {
        _section = section;
        _problems = problems;
        _path = (section as IConfigurationSection)?.Path ?? "";
    }

    /// <summary>The last part of the section's key.</summary>
    public string Name => (_section as IConfigurationSection)?.Key ?? "";

    public IConfiguration Raw => _section;

    /// <summary>Whether a text can name a file from the root on: whatever stands in it, asking for that file does not throw.</summary>
    public static bool IsAbsolutePath(string text) => Path.IsPathFullyQualified(text) && !text.Contains('\0');

    public SettingsReader Section(string name)
    {
        _known.Add(name);
        var section = _section.GetSection(name);
        if (!string.IsNullOrWhiteSpace(section.Value))
        {
            // Without the value: a connection string in the wrong place holds a password.
            Refuse(name, null, "a section with keys of its own, not a value");
        }

        return new SettingsReader(section, _problems);
    }

    /// <summary>Every child as a section: for sections whose keys are names that the operator chooses.</summary>
    public ImmutableArray<SettingsReader> Sections() => [.. _section.GetChildren().Select(child => Section(child.Key))];

    public string? Text(string name)
    {
        _known.Add(name);
        var section = _section.GetSection(name);
        if (section.GetChildren().Any())
        {
            Refuse(name, null, SingleValue);
            return null;
        }

        var value = section.Value?.Trim();
        return string.IsNullOrEmpty(value) ? null : value;
    }

    public TimeSpan Duration(string name, TimeSpan defaultValue, TimeSpan least, TimeSpan most) =>
        Duration(name, least, most) ?? defaultValue;

    public TimeSpan? Duration(string name, TimeSpan least, TimeSpan most)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (DurationText.TryParse(text, out var duration) && duration >= least && duration <= most)
        {
            return duration;
        }

        var range = least == TimeSpan.FromTicks(1)
            ? $"more than 0, at most {DurationText.Format(most)}"
            : $"{DurationText.Format(least)} to {DurationText.Format(most)}";
        Refuse(name, text, $"{DurationText.Form}; {range}");
        return null;
    }

    public int Integer(string name, int defaultValue, int least, int most)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Refuse(name, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
        return defaultValue;
    }

    public long? Number(string name, long least, long most)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Refuse(name, text, string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}"));
        return null;
    }

    public bool Switch(string name, bool defaultValue)
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        if (bool.TryParse(text, out var value))
        {
            return value;
        }

        Refuse(name, text, "true or false");
        return defaultValue;
    }

    public TEnum Choice<TEnum>(string name, TEnum defaultValue)
        where TEnum : struct, Enum
    {
        if (Text(name) is not { } text)
        {
            return defaultValue;
        }

        foreach (var choice in Enum.GetNames<TEnum>())
        {
            if (choice.Equals(text, StringComparison.OrdinalIgnoreCase))
            {
                return Enum.Parse<TEnum>(choice);
            }
        }

        Refuse(name, text, $"one of {string.Join(", ", Enum.GetNames<TEnum>())}");
        return defaultValue;
    }

    /// <summary>
    /// A list: an array, or one text with commas, which wins over an array from another source. Sources merge arrays entry by entry; an
    /// empty entry counts as absent, and a list without entries too.
    /// </summary>
    /// <param name="name">The key.</param>
    /// <param name="defaultValue">The list when there is none.</param>
    /// <param name="allowed">What every entry must be, as a phrase.</param>
    /// <param name="accept">The entry as it is kept; <c>null</c> refuses it.</param>
    /// <param name="secret">Whether no report may show an entry.</param>
    public ImmutableArray<string> List(
        string name, ImmutableArray<string> defaultValue, string allowed, Func<string, string?> accept, bool secret = false)
    {
        _known.Add(name);
        var section = _section.GetSection(name);
        var entries = string.IsNullOrWhiteSpace(section.Value)
            ? section.GetChildren().Select(child => (child.Key, Text: child.Value))
            : section.Value.Split(',').Select(entry => (Key: "", Text: (string?)entry));
        var list = ImmutableArray.CreateBuilder<string>();
        foreach (var (key, entry) in entries)
        {
            if (key.Length > 0 && section.GetSection(key).GetChildren().Any())
            {
                Refuse(ConfigurationPath.Combine(name, key), null, SingleValue);
            }

            if (entry?.Trim() is not { Length: > 0 } text)
            {
                continue;
            }

            if (accept(text) is { } accepted)
            {
                list.Add(accepted);
            }
            else
            {
                Refuse(key.Length == 0 ? name : ConfigurationPath.Combine(name, key), text, allowed, secret);
            }
        }

        return list.Count == 0 ? defaultValue : list.ToImmutable();
    }

    /// <summary>Keys that are known but not checked here.</summary>
    public void Know(params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            _known.Add(name);
        }
    }

    public void Refuse(string name, string? value, string allowed, bool secret = false) =>
        _problems.Add(new ConfigurationProblem(PathOf(name), value is null || !secret ? value : Hidden, allowed));

    public void Missing(string name, string allowed) => _problems.Add(new ConfigurationProblem(PathOf(name), null, $"missing; {allowed}"));

    /// <summary>For a section whose keys are names that the operator chooses: refuses what is not a value under them.</summary>
    /// <param name="levels">How many sections there are above the values.</param>
    public void RefuseSections(int levels)
    {
        foreach (var child in _section.GetChildren())
        {
            if (levels > 0)
            {
                Section(child.Key).RefuseSections(levels - 1);
            }
            else
            {
                Text(child.Key);
            }
        }
    }

    /// <summary>Refuses every key that was not read.</summary>
    public void RefuseTheRest()
    {
        foreach (var child in _section.GetChildren().Where(child => !_known.Contains(child.Key)))
        {
            RefuseUnknown(child.Key);
        }
    }

    public void RefuseUnknown(string name)
    {
        var known = _known.Order(StringComparer.OrdinalIgnoreCase).ToArray();
        var meant = NearestName.Of(name, known) is { } nearest
            ? $"unknown key; did you mean {PathOf(nearest)}?"
            : $"unknown key; known here: {string.Join(", ", known)}";
        _problems.Add(new ConfigurationProblem(PathOf(name), null, meant));
    }

    private string PathOf(string name) =>
        name.Length == 0 ? _path : _path.Length == 0 ? name : ConfigurationPath.Combine(_path, name);
}

/// <summary>What somebody who misspelt a name may have meant.</summary>
internal static class NearestName
{
    /// <summary>The closest of <paramref name="known"/>; <c>null</c> when none is close.</summary>
    public static string? Of(string name, IEnumerable<string> known)
    {
        var closest = known
            .Select(candidate => (candidate, distance: Distance(name.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .OrderBy(static pair => pair.distance)
            .ThenBy(static pair => pair.candidate, StringComparer.Ordinal)
            .FirstOrDefault();
        return closest.candidate is not null && closest.distance <= Math.Max(2, name.Length * 2 / 5) ? closest.candidate : null;
    }

    // Levenshtein, one row at a time.
    private static int Distance(string left, string right)
    {
        var row = Enumerable.Range(0, right.Length + 1).ToArray();
        for (var i = 1; i <= left.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= right.Length; j++)
            {
                var replaced = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[right.Length];
    }
}
