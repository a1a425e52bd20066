using System.Globalization;
using System.Text.Json;

namespace CacheProxy.CommandLine;

/// <summary>The JSON Schema of the configuration (docs/cacheproxy.schema.json), which is part of the program: all keys with their defaults.</summary>
internal static class ConfigurationSchema
{
    private const string ResourceName = "cacheproxy.schema.json";

    public static string Text()
    {
        using var stream = typeof(ConfigurationSchema).Assembly.GetManifestResourceStream(ResourceName)!;
        return new StreamReader(stream).ReadToEnd();
    }

    /// <summary>What it says of a file as a whole.</summary>
    public static SchemaNode Read()
    {
        var root = JsonDocument.Parse(Text()).RootElement;
        return new SchemaNode(root, root);
    }
}

/// <summary>What the schema says of one key: there, in the definition that it refers to, and in the forms that it allows.</summary>
internal sealed class SchemaNode
{
    private readonly JsonElement _root;
    private readonly JsonElement _schema;
    private readonly JsonElement[] _parts;

    public SchemaNode(JsonElement root, JsonElement schema, bool isNamedByOperator = false, bool isSecret = false)
    {
        (_root, _schema, IsNamedByOperator) = (root, schema, isNamedByOperator);
        _parts = [.. Parts(schema)];
        IsSecret = isSecret || Members("writeOnly").Any(static hidden => hidden.ValueKind == JsonValueKind.True);
    }

    /// <summary>Whether it stands where the operator chooses the names of keys.</summary>
    public bool IsNamedByOperator { get; }

    /// <summary>The keys below it that the schema names, in its order.</summary>
    public IEnumerable<string> Names => Members("properties").SelectMany(static properties => properties.EnumerateObject())
        .Select(static property => property.Name)
        .Distinct(StringComparer.Ordinal);

    /// <summary>Whether it holds several values: an array, or one text with commas.</summary>
    public bool IsList => _parts.Any(static part =>
        part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.ValueEquals("array"));

    /// <summary>Whether keys stand below it.</summary>
    public bool IsSection => !IsList && (Members("properties").Any() || Members("additionalProperties").Any(IsSchema));

    /// <summary>Whether nobody is to see it.</summary>
    public bool IsSecret { get; }

    /// <summary>What counts when the key is absent, as text; <c>null</c> when nothing does.</summary>
    public string? Default => _schema.TryGetProperty("default", out var value) ? TextOf(value) : null;

    /// <summary>A key below it, in any case, or an entry of a list; <c>null</c> when the schema knows none of that name.</summary>
    public SchemaNode? Child(string name)
    {
        foreach (var property in Members("properties").SelectMany(static properties => properties.EnumerateObject()))
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return new SchemaNode(_root, property.Value);
            }
        }

        var entries = int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? Members("items").Where(IsSchema) : [];
        foreach (var entry in entries)
        {
            return new SchemaNode(_root, entry, IsNamedByOperator, IsSecret);
        }

        foreach (var named in Members("additionalProperties").Where(IsSchema))
        {
            return new SchemaNode(_root, named, isNamedByOperator: true);
        }

        return null;
    }

    private IEnumerable<JsonElement> Members(string name)
    {
        foreach (var part in _parts)
        {
            if (part.TryGetProperty(name, out var member))
            {
                yield return member;
            }
        }
    }

    private IEnumerable<JsonElement> Parts(JsonElement schema)
    {
        yield return schema;
        if (schema.TryGetProperty("$ref", out var reference))
        {
            foreach (var part in Parts(_root.GetProperty("$defs").GetProperty(reference.GetString()!.Split('/')[^1])))
            {
                yield return part;
            }
        }

        foreach (var form in schema.TryGetProperty("anyOf", out var forms) ? forms.EnumerateArray() : default)
        {
            foreach (var part in Parts(form))
            {
                yield return part;
            }
        }
    }

    private static bool IsSchema(JsonElement element) => element.ValueKind == JsonValueKind.Object;

    private static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => string.Join(", ", value.EnumerateArray().Select(TextOf)),
        JsonValueKind.String => value.GetString()!,
        _ => value.GetRawText(),
    };
}
