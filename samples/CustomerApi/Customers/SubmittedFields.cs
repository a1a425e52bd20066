using System.Globalization;
using System.Text.Json;

namespace CustomerApi.Customers;

/// <summary>
/// What a client sent, checked: column to value, only the fields that it named. A field set to null is there with the value null.
/// Fields that this API does not let clients write (id, pets, unknown ones) are ignored, so that a client may send back
/// what it got.
/// </summary>
internal sealed class SubmittedFields
{
    /// <summary>The longest text a field takes, in characters.</summary>
    private const int MaxLength = 1000;

    private readonly Dictionary<string, object?> _values = [];

    private SubmittedFields()
    {
    }

    public IReadOnlyDictionary<string, object?> Values => _values;

    /// <summary>Reads the body as JSON whatever its content type says: curl -d calls everything a form.</summary>
    /// <returns>The fields, or the reason why there are none.</returns>
    public static async Task<(SubmittedFields? Fields, string? Problem)> ReadAsync(
        HttpRequest request, Field[] known, bool allRequired, CancellationToken stop)
    {
        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(request.Body, cancellationToken: stop);
        }
        catch (JsonException)
        {
            return (null, "The body is not JSON.");
        }

        using (document)
        {
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return (null, "The body is not a JSON object.");
            }

            var fields = new SubmittedFields();
            var problem = known.Select(field => fields.Take(document.RootElement, field, allRequired)).FirstOrDefault(found => found is not null);
            return problem is null ? (fields, null) : (null, problem);
        }
    }

    private string? Take(JsonElement body, Field field, bool mustBeThere)
    {
        if (!body.TryGetProperty(field.Name, out var value))
        {
            return field.Required && mustBeThere ? $"'{field.Name}' is missing." : null;
        }

        return field.Kind == FieldKind.Number && value.ValueKind != JsonValueKind.Null ? TakeNumber(value, field) : TakeText(value, field);
    }

    private string? TakeNumber(JsonElement value, Field field)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt32(out var number) || number < 0)
        {
            return $"'{field.Name}' is not a whole number from 0 on.";
        }

        _values[field.Column] = number;
        return null;
    }

    private string? TakeText(JsonElement value, Field field)
    {
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Null))
        {
            return $"'{field.Name}' is not a text.";
        }

        string? text;
        try
        {
            text = value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped: JSON allows it, Unicode does not.
            return $"'{field.Name}' is not valid Unicode.";
        }

        if (field.Required && string.IsNullOrWhiteSpace(text))
        {
            return $"'{field.Name}' is empty.";
        }

        if (text?.Length > MaxLength)
        {
            return $"'{field.Name}' is longer than {MaxLength} characters.";
        }

        if (text is not null && FormOf(field.Kind) is { } form
            && !DateTime.TryParseExact(text, form.Format, CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            return $"'{field.Name}' is not {form.Example}.";
        }

        _values[field.Column] = text;
        return null;
    }

    private static (string Format, string Example)? FormOf(FieldKind kind) => kind switch
    {
        FieldKind.Date => ("yyyy-MM-dd", "a date like 2024-05-31"),
        FieldKind.Instant => ("yyyy-MM-dd'T'HH:mm:ss'Z'", "an instant like 2024-05-31T09:30:00Z"),
        FieldKind.Text or FieldKind.Number => null,
    };
}
