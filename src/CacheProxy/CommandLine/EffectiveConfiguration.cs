using CacheProxy.Configuration;
using CacheProxy.Configuration.Checks;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Json;

namespace CacheProxy.CommandLine;

/// <summary>Every value that counts, with where it comes from. Secrets are hidden.</summary>
/// <param name="values">All values.</param>
/// <param name="files">The files among their sources, in order.</param>
/// <param name="schema">What it says of keys and their defaults.</param>
internal sealed class EffectiveConfiguration(IConfigurationRoot values, IReadOnlyList<string> files, SchemaNode schema)
{
    private static readonly string[] Sections =
        [KestrelSettings.SectionName, ReverseProxyShape.SectionName, CacheProxySettings.SectionName, TelemetrySettings.LogSection];

    private readonly List<EffectiveValue> _read = [];

    // The later source wins, so it is asked first.
    private readonly (IConfigurationProvider Provider, int File)[] _providers = [.. Numbered(values.Providers).Reverse()];

    public IReadOnlyList<EffectiveValue> Read()
    {
        foreach (var name in Sections)
        {
            ReadAny(values.GetSection(name), schema.Child(name));
        }

        return _read;
    }

    private void ReadAny(IConfigurationSection section, SchemaNode? known)
    {
        if (known is { IsList: true })
        {
            ReadList(section, known);
            return;
        }

        if (known is { IsSection: false } || section.Value is { Length: > 0 })
        {
            ReadValue(section, known);
        }

        var children = section.GetChildren().Select(static child => child.Key);
        foreach (var name in (known?.Names ?? []).Union(children, StringComparer.OrdinalIgnoreCase))
        {
            ReadAny(section.GetSection(name), known?.Child(name));
        }
    }

    // One text wins over an array, and an array without entries counts as absent.
    private void ReadList(IConfigurationSection section, SchemaNode known)
    {
        var before = _read.Count;
        if (string.IsNullOrWhiteSpace(section.Value))
        {
            ReadEntries(section, known);
        }

        if (_read.Count == before)
        {
            ReadValue(section, known);
        }
    }

    private void ReadEntries(IConfigurationSection section, SchemaNode? known)
    {
        foreach (var entry in section.GetChildren())
        {
            var child = known?.Child(entry.Key);
            if (!string.IsNullOrWhiteSpace(entry.Value))
            {
                _read.Add(Sourced(entry, child));
            }

            ReadEntries(entry, child);
        }
    }

    private void ReadValue(IConfigurationSection section, SchemaNode? known)
    {
        if (!string.IsNullOrWhiteSpace(section.Value))
        {
            _read.Add(Sourced(section, known));
        }
        else if (known?.Default is { } text)
        {
            // An empty value takes away what an earlier source has set.
            var emptied = section.Value is null ? null : $"{OriginOf(section.Path).From} has it empty";
            _read.Add(new EffectiveValue(section.Path, text, ValueSource.Default, emptied));
        }
    }

    private EffectiveValue Sourced(IConfigurationSection section, SchemaNode? known)
    {
        var (source, from) = OriginOf(section.Path);
        return new EffectiveValue(section.Path, SecretValues.Shown(section, known, values), source, from);
    }

    private (ValueSource Source, string? From) OriginOf(string key)
    {
        foreach (var (provider, file) in _providers)
        {
            if (provider.TryGet(key, out _))
            {
                return provider switch
                {
                    JsonStreamConfigurationProvider => (file == 0 ? ValueSource.File : ValueSource.MountedFile, files[file]),
                    EnvironmentVariablesConfigurationProvider => (ValueSource.Variable, VariableOf(key)),
                    CommandLineConfigurationProvider => (ValueSource.CommandLine, "command line"),
                    _ => (ValueSource.Default, null),
                };
            }
        }

        return (ValueSource.Default, null);
    }

    private static string? VariableOf(string key) => Environment.GetEnvironmentVariables().Keys.Cast<string>()
        .FirstOrDefault(name => name.Replace("__", ":", StringComparison.Ordinal).Equals(key, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<(IConfigurationProvider Provider, int File)> Numbered(IEnumerable<IConfigurationProvider> providers)
    {
        var file = 0;
        foreach (var provider in providers)
        {
            yield return (provider, provider is JsonStreamConfigurationProvider ? file++ : 0);
        }
    }
}

/// <summary>One value that counts.</summary>
/// <param name="Key">With colons.</param>
/// <param name="Value">As it is read; a secret is hidden.</param>
/// <param name="Source">Which of the sources it comes from.</param>
/// <param name="From">The file or the environment variable.</param>
internal sealed record EffectiveValue(string Key, string Value, ValueSource Source, string? From);

/// <summary>Numbered as in docs/configuration.md; the later one wins.</summary>
internal enum ValueSource
{
    Default = 1,
    File = 2,
    MountedFile = 3,
    Variable = 4,
    CommandLine = 5,
}
