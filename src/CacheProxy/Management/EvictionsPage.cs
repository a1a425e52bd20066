using System.Buffers;
using System.Text.Json;
using CacheProxy.Configuration;
using CacheProxy.Intake;

namespace CacheProxy.Management;

/// <summary>
/// <c>POST /evictions</c>: evicts what was written past the sidecar. 200 says that no read that begins from then on, through any replica,
/// returns what any of the items has replaced.
/// </summary>
internal sealed class EvictionsPage(ConfigurationReloader configuration, OutsideWriteHandler handler)
{
    public const string Path = "/evictions";

    private const string RetryAfterSeconds = "1";

    public async Task AnswerAsync(HttpContext context)
    {
        // The configuration may change meanwhile; what was begun is judged by this one.
        var judge = configuration.Current;
        var options = judge.Options.Intake;
        if (await ReadAsync(context.Request, options.MaxBodyBytes, context.RequestAborted) is not { } body)
        {
            await WriteProblemAsync(
                context, StatusCodes.Status413PayloadTooLarge, FormattableString.Invariant($"The body has at most {options.MaxBodyBytes} bytes (CacheProxy:Intake:MaxBodyBytes)."));
            return;
        }

        var request = EvictionsRequest.Read(context.Request.Headers, body, options);
        if (request.Status != 0)
        {
            await WriteProblemAsync(context, request.Status, request.Problem);
            return;
        }

        var outcomes = await handler.TakeAsync(judge, request.Items, IntakeMetrics.Http);
        if (Array.TrueForAll(outcomes, static outcome => outcome.Result == IntakeResult.Evicted))
        {
            await WriteAsync(context, StatusCodes.Status200OK, "application/json", json =>
            {
                json.WriteNumber("items", outcomes.Length);
                json.WriteNumber("resources", outcomes.Sum(static outcome => outcome.Resources));
            });
            return;
        }

        var isUnavailable = Array.Exists(outcomes, static outcome => outcome.Result == IntakeResult.Unavailable);
        if (isUnavailable)
        {
            context.Response.Headers.RetryAfter = RetryAfterSeconds;
        }

        await WriteProblemAsync(
            context,
            isUnavailable ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status422UnprocessableEntity,
            isUnavailable
                ? "The store has not taken all evictions. Send all items again: what is evicted already may be evicted once more."
                : "Items that are refused have evicted nothing; all others are evicted.",
            json => WriteOutcomes(json, outcomes, isList: outcomes.Length > 1));
    }

    private static void WriteOutcomes(Utf8JsonWriter json, IntakeOutcome[] outcomes, bool isList)
    {
        json.WriteStartArray("items");
        for (var i = 0; i < outcomes.Length; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("status", outcomes[i].Result switch
            {
                IntakeResult.Evicted => StatusCodes.Status200OK,
                IntakeResult.Refused => StatusCodes.Status422UnprocessableEntity,
                IntakeResult.Unavailable => StatusCodes.Status503ServiceUnavailable,
            });
            if (outcomes[i].Refusal is { } refusal)
            {
                var pointer = refusal.Member.Length == 0 ? "" : "/" + refusal.Member;
                json.WriteString("pointer", isList ? FormattableString.Invariant($"/{i}{pointer}") : pointer);
                json.WriteString("allowed", refusal.Allowed);
            }
            else
            {
                json.WriteNumber("resources", outcomes[i].Resources);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static Task WriteProblemAsync(HttpContext context, int status, string detail, Action<Utf8JsonWriter>? more = null) =>
        WriteAsync(context, status, "application/problem+json", json =>
        {
            json.WriteString("type", "about:blank");
            json.WriteString("title", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status));
            json.WriteNumber("status", status);
            json.WriteString("detail", detail);
            more?.Invoke(json);
        });

    private static async Task WriteAsync(HttpContext context, int status, string type, Action<Utf8JsonWriter> write)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = body.WrittenCount;
        await context.Response.Body.WriteAsync(body.WrittenMemory, context.RequestAborted);
    }

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellation)
    {
        if (request.ContentLength > maxBytes)
        {
            return null;
        }

        using var body = new MemoryStream();
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(chunk, cancellation)) > 0)
            {
                if (body.Length + read > maxBytes)
                {
                    return null;
                }

                body.Write(chunk, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
