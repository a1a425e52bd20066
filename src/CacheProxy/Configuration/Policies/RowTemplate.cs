using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace CacheProxy.Configuration.Policies;

/// <summary>
/// A text over the columns of a row, parsed once: <c>/api/customers/{customer_id}</c>. <c>{source.db}</c>, <c>{source.schema}</c> and
/// <c>{source.table}</c> are where the row is.
/// </summary>
internal sealed class RowTemplate
{
    public const string Form = "text with the names of columns in braces: {customer_id}; {source.db}, {source.schema} and {source.table} say where the row is";

    private const string OfSource = "source.";
    private static readonly string[] SourceNames = ["db", "schema", "table"];

    // Texts and columns by turns, beginning and ending with a text.
    private readonly ImmutableArray<string> _parts;

    private RowTemplate(ImmutableArray<string> parts) => _parts = parts;

    public static bool TryParse(string text, [NotNullWhen(true)] out RowTemplate? template)
    {
        template = null;
        var parts = ImmutableArray.CreateBuilder<string>();
        var rest = text;
        while (true)
        {
            var open = rest.IndexOf('{', StringComparison.Ordinal);
            var close = rest.IndexOf('}', StringComparison.Ordinal);
            if (open < 0 && close < 0)
            {
                parts.Add(rest);
                template = text.Length > 0 ? new RowTemplate(parts.ToImmutable()) : null;
                return template is not null;
            }

            if (open < 0 || close < open + 2 || rest.AsSpan(open + 1, close - open - 1).Contains('{') || !IsKnown(rest[(open + 1)..close]))
            {
                return false;
            }

            parts.Add(rest[..open]);
            parts.Add(rest[(open + 1)..close]);
            rest = rest[(close + 1)..];
        }
    }

    /// <param name="row">The row: an object whose members are columns.</param>
    /// <param name="source">Where it is.</param>
    /// <param name="encodes">Whether values stand in a URL.</param>
    /// <param name="text">The text, when it is made.</param>
    /// <param name="column">The column that keeps it from being made.</param>
    public RowText Format(JsonElement row, in RowSource source, bool encodes, out string text, out string column)
    {
        var made = new StringBuilder(_parts[0]);
        (text, column) = ("", "");
        for (var i = 1; i < _parts.Length; i += 2)
        {
            column = _parts[i];
            var outcome = Value(row, source, column, out var value);
            if (outcome != RowText.Made)
            {
                return outcome;
            }

            made.Append(encodes ? Uri.EscapeDataString(value) : value).Append(_parts[i + 1]);
        }

        text = made.ToString();
        return text.Length > 0 ? RowText.Made : RowText.Null;
    }

    private static bool IsKnown(string column) =>
        !column.StartsWith(OfSource, StringComparison.Ordinal) || SourceNames.Contains(column[OfSource.Length..]);

    private static RowText Value(JsonElement row, in RowSource source, string column, out string value)
    {
        if (column.StartsWith(OfSource, StringComparison.Ordinal))
        {
            value = (column[OfSource.Length..] switch { "db" => source.Db, "schema" => source.Schema, _ => source.Table }) ?? "";
            return value.Length > 0 ? RowText.Made : RowText.Absent;
        }

        value = "";
        if (!row.TryGetProperty(column, out var cell))
        {
            return RowText.Absent;
        }

        switch (cell.ValueKind)
        {
            case JsonValueKind.Null:
                return RowText.Null;
            case JsonValueKind.String:
                value = cell.GetString()!;
                return value.Length > 0 ? RowText.Made : RowText.Null;
            case JsonValueKind.Number:
                value = OfNumber(cell);
                return RowText.Made;
            case JsonValueKind.True or JsonValueKind.False:
                value = cell.GetRawText();
                return RowText.Made;
            default:
                return RowText.NotScalar;
        }
    }

    /// <summary>As it stands in a path: 1.0 and 1e0 are 1.</summary>
    public static string OfNumber(JsonElement number)
    {
        var text = number.GetRawText();
        return text.AsSpan().ContainsAny('.', 'e', 'E')
            && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && decimal.IsInteger(value)
                ? decimal.Truncate(value).ToString(CultureInfo.InvariantCulture)
                : text;
    }
}

/// <summary>What comes of a template and a row.</summary>
internal enum RowText
{
    Made,

    /// <summary>A column has nothing in it: the row stands for no such resource.</summary>
    Null,

    /// <summary>The row has no such column.</summary>
    Absent,

    /// <summary>A column holds a list or an object.</summary>
    NotScalar,
}

/// <summary>Where a row is; <c>null</c> for what is not told.</summary>
internal readonly record struct RowSource(string? Db, string? Schema, string? Table);
