using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Net.Http.Headers;

namespace CacheProxy.Management;

/// <summary>JSON that the management listener sends and takes.</summary>
internal static class JsonContent
{
    private const int MostBytes = 1024 * 1024;

    // The answers are JSON for certain (nosniff), and people read them: an apostrophe stays one.
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(HttpContext context, int status, Action<Utf8JsonWriter> write, string contentType = "application/json")
    {
        var body = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(body, Readable))
        {
            write(json);
        }

        body.Write("\n"u8);
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
        }
    }

    /// <summary>What the request holds; <c>null</c> after a problem has been answered.</summary>
    /// <param name="context">The request.</param>
    /// <param name="mostBytes">The most that it may be.</param>
    /// <param name="isOther">Whether another type than <c>application/json</c> is taken, too.</param>
    public static async Task<JsonDocument?> ReadAsync(HttpContext context, int mostBytes = MostBytes, Func<string, bool>? isOther = null)
    {
        if (!MediaTypeHeaderValue.TryParse(context.Request.ContentType, out var type)
            || (!type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) && isOther?.Invoke(type.MediaType.ToString()) != true))
        {
            await Problem.WriteAsync(context, ProblemKind.NotJson, $"The content is {type?.MediaType.ToString() ?? "of no type"}; say Content-Type: application/json.");
            return null;
        }

        var body = new ArrayBufferWriter<byte>();
        while (body.WrittenCount <= mostBytes)
        {
            if (await context.Request.Body.ReadAsync(body.GetMemory(4096), context.RequestAborted) is not (> 0 and var read))
            {
                return await ParseAsync(context, body.WrittenMemory);
            }

            body.Advance(read);
        }

        await Problem.WriteAsync(context, ProblemKind.TooLarge, $"At most {mostBytes} bytes are taken.");
        return null;
    }

    private static async Task<JsonDocument?> ParseAsync(HttpContext context, ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException exception)
        {
            // Where it breaks, and nothing of what is there.
            await Problem.WriteAsync(
                context, ProblemKind.InvalidRequest, $"The content is no JSON from line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1} on.");
            return null;
        }
    }
}
