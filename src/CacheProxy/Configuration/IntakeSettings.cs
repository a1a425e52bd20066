using System.Collections.Immutable;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;

namespace CacheProxy.Configuration;

/// <summary>Reads and checks <c>CacheProxy:Intake</c>.</summary>
internal static class IntakeSettings
{
    public const string StreamSection = "CacheProxy:Intake:Stream";

    private const int LongestName = 512;

    /// <param name="reader">Of the section.</param>
    /// <param name="policies">All that could be read.</param>
    /// <param name="names">The names of all.</param>
    /// <param name="hasRedis">Whether there is a Redis that could hold streams.</param>
    public static IntakeOptions Read(
        SettingsReader reader, ImmutableArray<CachePolicyOptions> policies, IReadOnlyCollection<string> names, bool hasRedis)
    {
        var defaults = new IntakeOptions();
        var options = new IntakeOptions
        {
            MaxItems = reader.Integer(nameof(IntakeOptions.MaxItems), defaults.MaxItems, 1, 10_000),
            MaxBodyBytes = reader.Integer(nameof(IntakeOptions.MaxBodyBytes), defaults.MaxBodyBytes, 1024, 64 * 1024 * 1024),
            Tables = [.. reader.Section(nameof(IntakeOptions.Tables)).Sections().Select(table => ReadTable(table, policies, names))],
            Stream = ReadStream(reader.Section(nameof(IntakeOptions.Stream)), hasRedis),
        };
        reader.RefuseTheRest();
        return options;
    }

    private static IntakeStreamOptions ReadStream(SettingsReader reader, bool hasRedis)
    {
        var defaults = new IntakeStreamOptions();
        var options = new IntakeStreamOptions
        {
            Keys = reader.List(nameof(IntakeStreamOptions.Keys), defaults.Keys, "keys of streams in Redis", static text => text.Length <= LongestName ? text : null),
            Group = reader.Text(nameof(IntakeStreamOptions.Group)) ?? defaults.Group,
            BatchSize = reader.Integer(nameof(IntakeStreamOptions.BatchSize), defaults.BatchSize, 1, 1000),
            Interval = reader.Duration(nameof(IntakeStreamOptions.Interval), defaults.Interval, TimeSpan.FromMilliseconds(10), TimeSpan.FromSeconds(10)),
            ClaimAfter = reader.Duration(nameof(IntakeStreamOptions.ClaimAfter), defaults.ClaimAfter, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10)),
            MaxTries = reader.Integer(nameof(IntakeStreamOptions.MaxTries), defaults.MaxTries, 1, 100),
            DeadLetterSuffix = reader.Text(nameof(IntakeStreamOptions.DeadLetterSuffix)) ?? defaults.DeadLetterSuffix,
            DeleteDone = reader.Switch(nameof(IntakeStreamOptions.DeleteDone), defaults.DeleteDone),
        };
        if (!hasRedis && !options.Keys.IsEmpty)
        {
            reader.Refuse(nameof(IntakeStreamOptions.Keys), string.Join(", ", options.Keys), "only with CacheProxy:Redis:ConnectionString: streams are in Redis");
        }

        // A stream of what was set aside that is read itself would go round for ever.
        if (options.Keys.FirstOrDefault(key => options.Keys.Contains(key + options.DeadLetterSuffix)) is { } looping)
        {
            reader.Refuse(nameof(IntakeStreamOptions.Keys), string.Join(", ", options.Keys), $"not {looping}{options.DeadLetterSuffix}, which holds what was set aside of {looping}");
        }

        reader.RefuseTheRest();
        return options;
    }

    private static IntakeTable ReadTable(SettingsReader table, ImmutableArray<CachePolicyOptions> policies, IReadOnlyCollection<string> names)
    {
        var rows = table.Sections();
        if (rows.IsEmpty)
        {
            table.Refuse("", null, "a list of what a row stands for, each with Policy, Url or Tag");
        }

        return new IntakeTable(table.Name, [.. rows.Select(row => ReadRow(row, policies, names))]);
    }

    private static IntakeRow ReadRow(SettingsReader reader, ImmutableArray<CachePolicyOptions> policies, IReadOnlyCollection<string> names)
    {
        var values = reader.Section(nameof(IntakeRow.Values));
        var row = new IntakeRow
        {
            Policy = reader.Text(nameof(IntakeRow.Policy)),
            Url = Template(reader, nameof(IntakeRow.Url)),
            Tag = Template(reader, nameof(IntakeRow.Tag)),
            Tenant = Template(reader, nameof(IntakeRow.Tenant)),
            Host = Template(reader, nameof(IntakeRow.Host)),
            Values =
            [
                .. values.Raw.GetChildren().Select(child => (child.Key, Text: Template(values, child.Key)))
                    .Where(static value => value.Text is not null).Select(static value => (value.Key, value.Text!)),
            ],
        };
        reader.RefuseTheRest();
        string?[] kinds = [row.Policy, reader.Text(nameof(IntakeRow.Url)), reader.Text(nameof(IntakeRow.Tag))];
        if (kinds.Count(static kind => kind is not null) != 1)
        {
            reader.Refuse("", null, "exactly one of Policy, Url and Tag");
        }
        else if (row.Policy is { } name)
        {
            CheckPolicy(reader, row, name, policies, names);
        }
        else if (!row.Values.IsEmpty)
        {
            reader.Refuse(nameof(IntakeRow.Values), null, "only with Policy");
        }

        return row;
    }

    private static void CheckPolicy(
        SettingsReader reader, IntakeRow row, string name, ImmutableArray<CachePolicyOptions> policies, IReadOnlyCollection<string> names)
    {
        if (policies.FirstOrDefault(policy => policy.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } policy)
        {
            // One that is refused itself is reported once.
            if (!names.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                reader.Refuse(nameof(IntakeRow.Policy), name, $"the name of a policy: {string.Join(", ", names.Order(StringComparer.Ordinal))}");
            }

            return;
        }

        if (!KeyTemplate.TryParse(policy.Key, out var key, out _))
        {
            return;
        }

        if (key!.NamesPath)
        {
            reader.Refuse(nameof(IntakeRow.Policy), name, $"Url in its place: the key {policy.Key} names the path");
            return;
        }

        foreach (var value in key.RouteValueNames.Where(value => !row.Values.Any(given => given.Name.Equals(value, StringComparison.OrdinalIgnoreCase))))
        {
            reader.Missing($"{nameof(IntakeRow.Values)}:{value}", $"the key {policy.Key} names it; {RowTemplate.Form}");
        }

        if (key.NeedsTenant && row.Tenant is null && row.Host is null && reader.Text(nameof(IntakeRow.Tenant)) is null)
        {
            reader.Missing(nameof(IntakeRow.Tenant), $"the key {policy.Key} names it; {RowTemplate.Form}");
        }

        if (key.NamesHost && row.Host is null && reader.Text(nameof(IntakeRow.Host)) is null)
        {
            reader.Missing(nameof(IntakeRow.Host), $"the key {policy.Key} names it; {RowTemplate.Form}");
        }
    }

    private static RowTemplate? Template(SettingsReader reader, string name)
    {
        if (reader.Text(name) is not { } text)
        {
            return null;
        }

        if (RowTemplate.TryParse(text, out var template))
        {
            return template;
        }

        reader.Refuse(name, text, RowTemplate.Form);
        return null;
    }
}
