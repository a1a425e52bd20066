using System.Collections.Immutable;
using System.Text.Json;
using CacheProxy.Configuration.Policies;
using CacheProxy.Http;
using CacheProxy.Identity;
using CacheProxy.Writing;

namespace CacheProxy.Intake;

/// <summary>
/// One item of what is told of writes past the sidecar: a job's own words, an event of CloudEvents 1.0 that carries them, or a changed row as
/// Debezium tells of it. Read strictly: what is not understood is refused, and never left out.
/// </summary>
/// <param name="Writes">The writes; none for what says that there is nothing to tell.</param>
/// <param name="Refusal">Why it cannot be understood.</param>
internal readonly record struct IntakeItem(ImmutableArray<OutsideWrite> Writes, OutsideRefusal? Refusal = null)
{
    // Of two members of one name some take the first and some the last: what is meant is then anybody's guess.
    private static readonly JsonDocumentOptions JsonOptions = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    private const string Members = "policy, url, tag, tenant, host, values and body";

    public static readonly IntakeItem Nothing = new([]);

    public static IntakeItem Refuse(string member, string allowed) => new([], new OutsideRefusal(member, allowed));

    /// <summary>Reads JSON to be kept. False for what is none, or what readers may take for different things.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> text, out JsonElement parsed)
    {
        try
        {
            using var document = JsonDocument.Parse(text, JsonOptions);
            parsed = document.RootElement.Clone();
            return true;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // No JSON; or a name with half a surrogate pair, which is compared with others and is no text.
            parsed = default;
            return false;
        }
    }

    /// <param name="item">An item in any of the forms.</param>
    /// <param name="options">What rows stand for.</param>
    public static IntakeItem Read(JsonElement item, IntakeOptions options)
    {
        try
        {
            return CloudEvent.IsOne(item) ? CloudEvent.Read(item, options) : ReadData(item, options);
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair in a name.
            return Refuse("", "valid Unicode");
        }
    }

    /// <summary>What a CloudEvent may carry.</summary>
    public static IntakeItem ReadData(JsonElement item, IntakeOptions options, CloudEvent? carrier = null) =>
        item.ValueKind != JsonValueKind.Object ? Refuse("", "an object")
        : RowChange.IsOne(item, carrier) ? RowChange.Read(item, options, carrier)
        : ReadOwn(item);

    private static IntakeItem ReadOwn(JsonElement item)
    {
        var write = new OutsideWrite();
        foreach (var member in item.EnumerateObject())
        {
            var text = member.Value.ValueKind == JsonValueKind.String && JsonPointer.TryText(member.Value, out var found) && found.Length > 0 ? found : null;
            switch (member.Name)
            {
                case "policy" or "url" or "tag" or "tenant" or "host" when text is null:
                    return Refuse(member.Name, "a string that is not empty");
                case "policy":
                    write = write with { Policy = text };
                    break;
                case "url":
                    write = write with { Url = text };
                    break;
                case "tag":
                    write = write with { Tag = text };
                    break;
                case "tenant":
                    write = write with { Tenant = text };
                    break;
                case "host" when text!.AsSpan().ContainsAnyExcept(UriCharacters.Host):
                    return Refuse(member.Name, "a host as a client calls it, perhaps with a port");
                case "host":
                    write = write with { Host = text };
                    break;
                case "body" when member.Value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array):
                    return Refuse(member.Name, "an object or a list: the resource as the API shows it");
                case "body":
                    write = write with { Body = member.Value };
                    break;
                case "values" when ReadValues(member.Value, out var values) is { } refusal:
                    return new IntakeItem([], refusal);
                case "values":
                    ReadValues(member.Value, out var read);
                    write = write with { Values = read };
                    break;
                default:
                    return Refuse(member.Name, $"unknown; known are {Members}");
            }
        }

        return Check(write) is { } wrong ? new IntakeItem([], wrong) : new IntakeItem([write]);
    }

    private static OutsideRefusal? Check(OutsideWrite write)
    {
        string?[] kinds = [write.Policy, write.Url, write.Tag];
        return kinds.Count(static kind => kind is not null) != 1 ? new OutsideRefusal("", "exactly one of policy, url and tag")
            : write.Policy is null && write.Values.Count > 0 ? new OutsideRefusal("values", "only with policy")
            : write.Url is not null && write.Host is not null && !write.Url.StartsWith('/') ? new OutsideRefusal("host", "only with a url that is a path")
            : null;
    }

    private static OutsideRefusal? ReadValues(JsonElement values, out RouteValueDictionary read)
    {
        read = [];
        if (values.ValueKind != JsonValueKind.Object)
        {
            return new OutsideRefusal("values", "an object: the values of the policy's key by their names");
        }

        foreach (var value in values.EnumerateObject())
        {
            var text = value.Value.ValueKind switch
            {
                JsonValueKind.Number => RowTemplate.OfNumber(value.Value),
                JsonValueKind.String when JsonPointer.TryText(value.Value, out var found) => found,
                _ => "",
            };
            if (text.Length == 0)
            {
                return new OutsideRefusal($"values/{value.Name}", "a string that is not empty, or a number");
            }

            if (!read.TryAdd(value.Name, text))
            {
                return new OutsideRefusal($"values/{value.Name}", "each name once: upper and lower case mean the same");
            }
        }

        return null;
    }
}
