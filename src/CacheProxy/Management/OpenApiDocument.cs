using System.Text.Json;

namespace CacheProxy.Management;

/// <summary>The page <c>/openapi/v1.json</c>: every endpoint that is mapped, written from the same table that requests are answered by.</summary>
internal static class OpenApiDocument
{
    public const string Path = "/openapi/v1.json";
    private const string Problems = "problem";

    public static RequestDelegate Create(IReadOnlyList<ManagementEndpoint> endpoints) =>
        context => JsonContent.WriteAsync(context, StatusCodes.Status200OK, json => Write(json, endpoints));

    public static void Write(Utf8JsonWriter json, IReadOnlyList<ManagementEndpoint> endpoints)
    {
        json.WriteStartObject();
        json.WriteString("openapi", "3.1.1");
        json.WriteStartObject("info");
        json.WriteString("title", "CacheProxy administration");
        json.WriteString("version", "1");
        json.WriteString("description", "What the management listener of one replica answers.");
        json.WriteEndObject();
        json.WriteStartObject("paths");
        foreach (var path in endpoints.GroupBy(static endpoint => endpoint.Path).OrderBy(static path => path.Key, StringComparer.Ordinal))
        {
            json.WriteStartObject(path.Key);
            foreach (var endpoint in path)
            {
                WriteOperation(json, endpoint);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        WriteComponents(json);
        json.WriteEndObject();
    }

    private static void WriteOperation(Utf8JsonWriter json, ManagementEndpoint endpoint)
    {
        json.WriteStartObject(endpoint.Method.ToLowerInvariant());
        json.WriteString("summary", endpoint.Summary);
        json.WriteString("operationId", OperationId(endpoint));
        WriteSecurity(json, endpoint.Access);
        WriteParameters(json, endpoint);
        if (endpoint.Body is { } body)
        {
            json.WriteStartObject("requestBody");
            json.WriteBoolean("required", true);
            WriteContent(json, "application/json", body);
            json.WriteEndObject();
        }

        json.WriteStartObject("responses");
        foreach (var answer in endpoint.Answers)
        {
            json.WriteStartObject($"{answer.Status}");
            json.WriteString("description", answer.Description);
            WriteContent(json, answer.ContentType, answer.Shape);
            json.WriteEndObject();
        }

        json.WriteStartObject("default");
        json.WriteString("$ref", $"#/components/responses/{Problems}");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string OperationId(ManagementEndpoint endpoint) =>
        endpoint.Method.ToLowerInvariant() + string.Concat(endpoint.Path.Split(['/', '{', '}', '.'], StringSplitOptions.RemoveEmptyEntries)
            .Select(static part => char.ToUpperInvariant(part[0]) + part[1..]));

    private static void WriteSecurity(Utf8JsonWriter json, Access access)
    {
        json.WriteStartArray("security");
        if (access != Access.Change)
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }

        if (access != Access.Open)
        {
            json.WriteStartObject();
            json.WriteStartArray("bearer");
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteParameters(Utf8JsonWriter json, ManagementEndpoint endpoint)
    {
        if (endpoint.Parameters.Length == 0)
        {
            return;
        }

        json.WriteStartArray("parameters");
        foreach (var parameter in endpoint.Parameters)
        {
            var isInPath = endpoint.Path.Contains($"{{{parameter.Name}}}", StringComparison.Ordinal);
            json.WriteStartObject();
            json.WriteString("name", parameter.Name);
            json.WriteString("in", isInPath ? "path" : "query");
            json.WriteString("description", parameter.Description);
            json.WriteBoolean("required", isInPath || parameter.IsRequired);
            json.WritePropertyName("schema");
            (parameter.Shape ?? Shape.Text("")).Write(json);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteContent(Utf8JsonWriter json, string contentType, Shape? shape)
    {
        json.WriteStartObject("content");
        json.WriteStartObject(contentType);
        if (shape is not null)
        {
            json.WritePropertyName("schema");
            shape.Write(json);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteComponents(Utf8JsonWriter json)
    {
        json.WriteStartObject("components");
        json.WriteStartObject("responses");
        json.WriteStartObject(Problems);
        json.WriteString("description", "What went wrong.");
        WriteContent(json, Problem.ContentType, Problem.Shape());
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteStartObject("securitySchemes");
        json.WriteStartObject("bearer");
        json.WriteString("type", "http");
        json.WriteString("scheme", "bearer");
        json.WriteString("description", "One of CacheProxy:Management:Tokens or of the lines of CacheProxy:Management:TokensFile.");
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
