using System.Text.Json;

namespace CacheProxy.Management;

/// <summary>What a JSON value is, as a JSON Schema says it.</summary>
internal sealed class Shape
{
    private readonly string _type;
    private readonly string _description;
    private readonly string? _format;
    private readonly string[] _words = [];
    private readonly (string Name, Shape Shape)[] _properties = [];
    private readonly Shape? _items;
    private readonly bool _isOptional;

    private Shape(string type, string description, string? format = null) => (_type, _description, _format) = (type, description, format);

    private Shape(Shape other, bool isOptional)
    {
        (_type, _description, _format, _words, _properties, _items) =
            (other._type, other._description, other._format, other._words, other._properties, other._items);
        _isOptional = isOptional;
    }

    private Shape(string type, string description, string[] words, (string, Shape)[] properties, Shape? items) =>
        (_type, _description, _words, _properties, _items) = (type, description, words, properties, items);

    public static Shape Text(string description) => new("string", description);

    /// <summary>A time as in RFC 3339.</summary>
    public static Shape Time(string description) => new("string", description, "date-time");

    public static Shape Whole(string description) => new("integer", description);

    public static Shape Number(string description) => new("number", description);

    public static Shape Switch(string description) => new("boolean", description);

    public static Shape Word(string description, params string[] words) => new("string", description, words, [], null);

    public static Shape List(string description, Shape items) => new("array", description, [], [], items);

    /// <summary>An object whose names are data.</summary>
    public static Shape Map(string description, Shape values) => new("object", description, [], [], values);

    public static Shape Of(string description, params (string Name, Shape Shape)[] properties) => new("object", description, [], properties, null);

    /// <summary>May be missing.</summary>
    public Shape Optional() => new(this, isOptional: true);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", _type);
        if (_description.Length > 0)
        {
            json.WriteString("description", _description);
        }

        if (_format is not null)
        {
            json.WriteString("format", _format);
        }

        if (_words.Length > 0)
        {
            WriteTexts(json, "enum", _words);
        }

        if (_items is not null)
        {
            json.WritePropertyName(_type == "array" ? "items" : "additionalProperties");
            _items.Write(json);
        }

        if (_properties.Length > 0)
        {
            json.WriteStartObject("properties");
            foreach (var (name, shape) in _properties)
            {
                json.WritePropertyName(name);
                shape.Write(json);
            }

            json.WriteEndObject();
            WriteTexts(json, "required", _properties.Where(static property => !property.Shape._isOptional).Select(static property => property.Name));
        }

        json.WriteEndObject();
    }

    private static void WriteTexts(Utf8JsonWriter json, string name, IEnumerable<string> texts)
    {
        json.WriteStartArray(name);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
