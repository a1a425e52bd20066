using System.Globalization;
using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;

namespace CacheProxy.Intake;

/// <summary>
/// An event of CloudEvents 1.0 in the JSON format or in the binary mode of its HTTP binding. What it is about is in its data; of its
/// attributes only those of Debezium count. Read by hand: the SDK's JSON formatter needs reflection, which a native binary has not.
/// </summary>
internal sealed class CloudEvent
{
    private const string SpecVersion = "specversion";
    private const string DataContentType = "datacontenttype";
    private const string DataBase64 = "data_base64";
    private const string HeaderPrefix = "ce-";

    private readonly Dictionary<string, string> _attributes = new(StringComparer.Ordinal);
    private JsonElement _data;
    private byte[]? _encoded;

    private CloudEvent()
    {
    }

    public string? this[string attribute] => _attributes.GetValueOrDefault(attribute);

    /// <summary>Whether it says so itself.</summary>
    public static bool IsOne(JsonElement item) => item.ValueKind == JsonValueKind.Object && item.TryGetProperty(SpecVersion, out _);

    /// <summary>Whether a request is one in binary mode.</summary>
    public static bool IsOne(IHeaderDictionary headers) => headers.ContainsKey(HeaderPrefix + SpecVersion);

    /// <summary>In structured mode, or one of a batch.</summary>
    public static IntakeItem Read(JsonElement item, IntakeOptions options)
    {
        var read = new CloudEvent();
        foreach (var member in item.EnumerateObject())
        {
            if (read.Take(member) is { } allowed)
            {
                return IntakeItem.Refuse(member.Name, allowed);
            }
        }

        if (read.CheckAttributes() is { } refused)
        {
            return refused;
        }

        var isThere = read._data.ValueKind != JsonValueKind.Undefined;
        if (isThere == read._encoded is not null)
        {
            return IntakeItem.Refuse("data", $"either data or {DataBase64}");
        }

        return isThere ? Within("data", IntakeItem.ReadData(read._data, options, read)) : Within(DataBase64, read.ReadEncoded(options));
    }

    /// <summary>In binary mode: the attributes are headers, and the body is the data.</summary>
    public static IntakeItem Read(IHeaderDictionary headers, JsonElement data, IntakeOptions options)
    {
        var read = new CloudEvent();
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase))
            {
                read._attributes[name[HeaderPrefix.Length..].ToLowerInvariant()] = Uri.UnescapeDataString(values.ToString());
            }
        }

        return read.CheckAttributes() ?? IntakeItem.ReadData(data, options, read);
    }

    private static IntakeItem Within(string member, IntakeItem item) => item.Refusal is { } refusal
        ? item with { Refusal = refusal with { Member = refusal.Member.Length == 0 ? member : $"{member}/{refusal.Member}" } }
        : item;

    /// <summary>Takes a member; says what is allowed where it cannot be.</summary>
    private string? Take(JsonProperty member)
    {
        switch (member.Name)
        {
            case "data":
                _data = member.Value;
                return null;
            case DataBase64:
                return member.Value.ValueKind == JsonValueKind.String && member.Value.TryGetBytesFromBase64(out _encoded) ? null : "base64";
            default:
                // CloudEvents 1.0 §3.1: lower-case letters and digits.
                if (member.Name.Length == 0 || !member.Name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)))
                {
                    return "a name of lower-case letters and digits";
                }

                if (member.Value.ValueKind == JsonValueKind.Null)
                {
                    return null;
                }

                if (!JsonPointer.TryText(member.Value, out var text))
                {
                    return "a string, a number, true or false";
                }

                _attributes[member.Name] = text;
                return null;
        }
    }

    private IntakeItem? CheckAttributes()
    {
        if (this[SpecVersion] != "1.0")
        {
            return IntakeItem.Refuse(SpecVersion, "1.0");
        }

        foreach (var name in (string[])["id", "source", "type"])
        {
            if (string.IsNullOrEmpty(this[name]))
            {
                return IntakeItem.Refuse(name, "a string that is not empty");
            }
        }

        if (this[DataContentType] is { } type && !JsonBody.IsJson(type))
        {
            return IntakeItem.Refuse(DataContentType, "application/json");
        }

        return this["time"] is { } time && !DateTimeOffset.TryParse(time, CultureInfo.InvariantCulture, DateTimeStyles.None, out _)
            ? IntakeItem.Refuse("time", "a time of RFC 3339")
            : null;
    }

    private IntakeItem ReadEncoded(IntakeOptions options) => IntakeItem.TryParse(_encoded, out var data)
        ? IntakeItem.ReadData(data, options, this)
        : IntakeItem.Refuse("", "JSON in base64");
}
