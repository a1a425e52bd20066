using System.Collections.Immutable;
using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Identity;
using CacheProxy.Writing;

namespace CacheProxy.Intake;

/// <summary>
/// A changed row in Debezium's envelope, with its schema or without it: what stood there before is as much out of date as what stands there
/// now. <c>CacheProxy:Intake:Tables</c> says what it stands for.
/// </summary>
internal static class RowChange
{
    private const string Payload = "payload";
    private const string Operation = "op";
    private const string OperationOfCarrier = "iodebeziumop";
    private const string Before = "before";
    private const string After = "after";

    public static bool IsOne(JsonElement item, CloudEvent? carrier) =>
        item.TryGetProperty(Payload, out _)
        || (item.TryGetProperty(Operation, out _) && item.TryGetProperty("source", out _))
        || carrier?[OperationOfCarrier] is not null;

    public static IntakeItem Read(JsonElement item, IntakeOptions options, CloudEvent? carrier)
    {
        var start = "";
        if (item.TryGetProperty(Payload, out var payload))
        {
            (item, start) = (payload, Payload + "/");
        }

        // What follows a deletion in a log that is compacted.
        if (item.ValueKind == JsonValueKind.Null)
        {
            return IntakeItem.Nothing;
        }

        var read = item.ValueKind == JsonValueKind.Object ? Read(item, options, carrier, Text(item, Operation) ?? carrier?[OperationOfCarrier])
            : IntakeItem.Refuse("", "an object, or null");
        return read.Refusal is { } refusal ? read with { Refusal = refusal with { Member = (start + refusal.Member).TrimEnd('/') } } : read;
    }

    private static IntakeItem Read(JsonElement change, IntakeOptions options, CloudEvent? carrier, string? operation)
    {
        var source = SourceOf(change, carrier);
        if (source.Table is null)
        {
            return IntakeItem.Refuse("source/table", "the name of a table");
        }

        if (TableOf(options.Tables, source) is not { } table)
        {
            var known = string.Join(", ", options.Tables.Select(static one => one.Name));
            return IntakeItem.Refuse("source/table", $"a table of CacheProxy:Intake:Tables: {(known.Length == 0 ? "there is none" : known)}");
        }

        var (wantsBefore, wantsAfter) = operation switch
        {
            "c" or "r" or "u" => (false, true),
            "d" => (true, false),
            _ => (false, false),
        };
        if (!wantsBefore && !wantsAfter)
        {
            return IntakeItem.Refuse(Operation, "c, u, d or r; after t (the table was truncated) purge the policies of the table");
        }

        var writes = ImmutableArray.CreateBuilder<OutsideWrite>();
        return Add(change, Before, wantsBefore, table, source, writes) ?? Add(change, After, wantsAfter, table, source, writes) ?? new IntakeItem(writes.ToImmutable());
    }

    private static IntakeItem? Add(
        JsonElement change, string member, bool isWanted, IntakeTable table, in RowSource source, ImmutableArray<OutsideWrite>.Builder writes)
    {
        if (!change.TryGetProperty(member, out var row) || row.ValueKind == JsonValueKind.Null)
        {
            return !isWanted ? null : IntakeItem.Refuse(
                member, "the row; for a deleted one the database must tell what stood there (PostgreSQL: REPLICA IDENTITY FULL, MySQL: binlog_row_image=FULL)");
        }

        if (row.ValueKind != JsonValueKind.Object)
        {
            return IntakeItem.Refuse(member, "an object whose members are columns");
        }

        foreach (var stands in table.Rows)
        {
            var text = new RowTexts(row, source);
            var write = new OutsideWrite
            {
                Policy = stands.Policy,
                Url = text.Of(stands.Url, encodes: true),
                Tag = text.Of(stands.Tag),
                Tenant = text.Of(stands.Tenant),
                Host = text.Of(stands.Host),
            };
            foreach (var (name, value) in stands.Values)
            {
                write.Values[name] = text.Of(value);
            }

            switch (text.Outcome)
            {
                case RowText.Made when write.Host?.AsSpan().ContainsAnyExcept(UriCharacters.Host) == true:
                    return IntakeItem.Refuse(member, "a row whose template for Host makes a host");
                case RowText.Made:
                    writes.Add(write);
                    break;
                case RowText.Null:
                    break;
                case RowText.Absent:
                    return IntakeItem.Refuse(
                        $"{member}/{text.Column}", $"missing; CacheProxy:Intake:Tables:{table.Name} names it, and the database must tell of all columns of a row");
                case RowText.NotScalar:
                    return IntakeItem.Refuse($"{member}/{text.Column}", "a string, a number, true or false");
            }
        }

        return null;
    }

    private static RowSource SourceOf(JsonElement change, CloudEvent? carrier) =>
        change.TryGetProperty("source", out var source) && source.ValueKind == JsonValueKind.Object
            ? new RowSource(Text(source, "db"), Text(source, "schema"), Text(source, "table"))
            : new RowSource(carrier?["iodebeziumdb"], carrier?["iodebeziumschema"], carrier?["iodebeziumtable"]);

    private static string? Text(JsonElement item, string member) =>
        item.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>The one that names it most exactly.</summary>
    private static IntakeTable? TableOf(ImmutableArray<IntakeTable> tables, RowSource source)
    {
        string[] names = [$"{source.Db}.{source.Schema}.{source.Table}", $"{source.Schema}.{source.Table}", $"{source.Db}.{source.Table}", source.Table!];
        foreach (var name in names)
        {
            if (tables.FirstOrDefault(table => table.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    /// <summary>The texts that one row makes; the first that cannot be made says why.</summary>
    private sealed class RowTexts(JsonElement row, RowSource source)
    {
        public RowText Outcome { get; private set; } = RowText.Made;

        public string Column { get; private set; } = "";

        public string? Of(RowTemplate? template, bool encodes = false)
        {
            if (template is null)
            {
                return null;
            }

            var outcome = template.Format(row, source, encodes, out var text, out var column);
            // A column that is not there is worse than one with nothing in it.
            if (outcome != RowText.Made && Outcome is (RowText.Made or RowText.Null))
            {
                (Outcome, Column) = (outcome, column);
            }

            return text;
        }
    }
}
